import './sentry.js';
import * as Sentry from '@sentry/node';
import { SentryFlush } from './sentry-flush.js';
import { serve } from './serve.js';

void serve([SentryFlush], () => Sentry.captureException(new Error('at the end of a request')));
