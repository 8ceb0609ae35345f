import { ApplicationShutdown } from './application-shutdown.js';
import { ShutdownError, ShutdownFailedError } from '../core/errors.js';
import { holdTransportClose } from './transport-close.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { CloseApplication } from './nest-teardown.js';

/**
 * Hands an application's shutdown to its {@link GracefulShutdownModule}: signals, the repeated signal, the exit
 * and its code.
 *
 * Call it right after `NestFactory.create…()`, whatever kind of application that made; `app.enableShutdownHooks()`
 * may be called too, but need not.
 *
 * @returns the application
 * @throws {ShutdownError} when the application does not import the module
 */
export function enableGracefulShutdown<App extends INestApplicationContext>(app: App): App {
  const shutdown = find(app);
  // The signal is for the hooks; a microservice's close() takes none.
  const close = app.close.bind(app) as CloseApplication;
  shutdown.own(close);
  watchInit(app, shutdown);
  holdTransportClose(app, shutdown.coordinator);
  if (shutdown.options.raiseOnError) {
    app.close = async (...signal: [string?]) => {
      await close(...signal);
      const { report } = shutdown.coordinator;
      if (report && report.status !== 'completed') throw new ShutdownFailedError(report);
    };
  }
  return app;
}

function find(app: INestApplicationContext): ApplicationShutdown {
  try {
    return app.get(ApplicationShutdown, { strict: false });
  } catch (cause) {
    throw new ShutdownError(
      'SHUTDOWN_SETUP_INVALID',
      'enableGracefulShutdown(app): this application does not import GracefulShutdownModule. ' +
        'Add it to the imports of its root module: imports: [GracefulShutdownModule]',
      { cause },
    );
  }
}

/** A bootstrap that has failed must not be waited for. */
function watchInit(app: INestApplicationContext, shutdown: ApplicationShutdown): void {
  const init = app.init.bind(app);
  const restore = (): void => void Reflect.deleteProperty(app, 'init');
  app.init = () => {
    restore();
    return init().catch((error: unknown) => {
      shutdown.onBootstrapFailed();
      throw error;
    });
  };
  void shutdown.coordinator.finished.then(restore);
}
