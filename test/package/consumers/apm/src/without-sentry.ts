import './sentry.js';
import { serve } from './serve.js';

void serve([]);
