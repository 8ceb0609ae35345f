import './datadog';
import { serve } from './serve';

void serve([]);
