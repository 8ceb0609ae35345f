import { Logger } from '@nestjs/common';
import { packageVersion } from '../../process/package-version.js';
import { SafeLogger } from '../../report/safe-logger.js';
import { ProbeCheck } from '../../util/probe.js';
import type { Provider } from '@nestjs/common';

/** Checks the undocumented parts of Node and other packages, and logs what is missing. */
export const PROBE_CHECK: Provider<ProbeCheck> = {
  provide: ProbeCheck,
  useFactory: () => {
    const logger = new SafeLogger(new Logger('GracefulShutdown'));
    return new ProbeCheck({ warn: (message) => logger.warn(message), versionOf: packageVersion });
  },
};
