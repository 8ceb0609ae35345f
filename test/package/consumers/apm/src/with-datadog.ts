import './datadog.js';
import { serve } from './serve.js';

void serve([]);
