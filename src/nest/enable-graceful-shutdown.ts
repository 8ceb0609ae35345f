import { ApplicationShutdown } from './application-shutdown.js';
import { ShutdownError } from '../core/errors.js';
import { overrideMethod } from '../util/override-method.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { CloseApplication } from './lifecycle/nest-lifecycle.js';

/**
 * Hands an application's shutdown to its {@link GracefulShutdownModule}: signals, the repeated signal, the exit
 * and its code, and `app.close()`, which from then on drains first whatever the application listens to, and comes to
 * an end even if Nest does not.
 *
 * Call it right after `NestFactory.create…()`, whatever kind of application that made; `app.enableShutdownHooks()`
 * may be called too, but need not. More than once is the same as once.
 *
 * @returns the application
 * @throws {ShutdownError} when the application does not import the module
 */
export function enableGracefulShutdown<App extends INestApplicationContext>(app: App): App {
  const shutdown = find(app);
  if (!ApplicationShutdown.isConstructed(shutdown) || shutdown.isOwned) return app;
  // The signal is for the hooks; a microservice's close() takes none.
  shutdown.own((signal) => (app as { close: CloseApplication }).close(signal));
  watchBootstrap(app, shutdown);
  overrideMethod(
    app,
    'close',
    (close) => (signal) => shutdown.close(close as CloseApplication, signal as string | undefined),
  );
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
function watchBootstrap(app: INestApplicationContext, shutdown: ApplicationShutdown): void {
  const restore = ['init', 'listen'].map((name) =>
    overrideMethod(app, name, (original) => async (...args) => {
      try {
        return await original(...args);
      } catch (error) {
        shutdown.onBootstrapFailed();
        throw error;
      }
    }),
  );
  void shutdown.coordinator.finished.then(() => {
    for (const undo of restore) undo();
  });
}
