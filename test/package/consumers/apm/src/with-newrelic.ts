import 'newrelic';
import { NewRelicFlush } from './new-relic-flush.js';
import { serve } from './serve.js';

void serve([NewRelicFlush]);
