import * as Sentry from '@sentry/node';

Sentry.init({ dsn: process.env['SENTRY_DSN'], tracesSampleRate: 1 });

import { SentryFlush } from './sentry-flush';
import { serve } from './serve';

void serve([SentryFlush], () => Sentry.captureException(new Error('at the end of a request')));
