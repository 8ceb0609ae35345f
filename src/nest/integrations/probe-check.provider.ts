import { Logger } from '@nestjs/common';
import { packageVersion } from '../../process/package-version.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { ProbeCheck } from '../../util/probe.js';
import type { Provider } from '@nestjs/common';

/** Looks at the private parts of others, and logs what is missing. */
export const PROBE_CHECK: Provider<ProbeCheck> = {
  provide: ProbeCheck,
  useFactory: () => {
    const logger = new SafeLogger(new Logger('GracefulShutdown'));
    return new ProbeCheck({ warn: (message) => logger.warn(message), versionOf: packageVersion });
  },
};
