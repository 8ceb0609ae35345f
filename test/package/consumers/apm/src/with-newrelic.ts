import 'newrelic';
import { NewRelicFlush } from './new-relic-flush';
import { serve } from './serve';

void serve([NewRelicFlush]);
