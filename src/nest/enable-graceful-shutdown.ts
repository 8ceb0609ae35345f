import { ModulesContainer } from '@nestjs/core';
import { ApplicationShutdown } from './application-shutdown.js';
import { ShutdownError } from '../core/errors.js';
import { overrideMethod } from '../util/override-method.js';
import type { INestApplicationContext } from '@nestjs/common';
import type { CloseApplication } from './lifecycle/nest-lifecycle.js';

/**
 * Puts {@link GracefulShutdownModule} in charge of an application's shutdown: signals, the repeated signal, the exit
 * and its code, and `app.close()`.
 *
 * From then on `app.close()` drains first, whatever the application listens to, and settles even if Nest hangs.
 *
 * Call it right after `NestFactory.create…()`, for any kind of application. `app.enableShutdownHooks()` is allowed, but
 * not needed. Repeated calls have no effect.
 *
 * @returns the application
 * @throws {ShutdownError} if the application does not import the module
 */
export function enableGracefulShutdown<App extends INestApplicationContext>(app: App): App {
  const shutdown = find(app);
  if (!ApplicationShutdown.isConstructed(shutdown) || shutdown.isOwned) return app;
  // The hooks receive the signal; the close() of a microservice ignores it.
  shutdown.own(app, (signal) => (app as { close: CloseApplication }).close(signal));
  watchBootstrap(app, shutdown);
  overrideMethod(
    app,
    'close',
    (close) => (signal) => shutdown.close(close as CloseApplication, signal as string | undefined),
  );
  return app;
}

function find(app: INestApplicationContext): ApplicationShutdown {
  // When app.get() finds nothing, Nest logs an error of its own and, by default, exits the process.
  const modules = [...app.get(ModulesContainer, { strict: false }).values()];
  if (modules.some((moduleRef) => moduleRef.hasProvider(ApplicationShutdown))) {
    return app.get(ApplicationShutdown, { strict: false });
  }
  throw new ShutdownError(
    'SHUTDOWN_SETUP_INVALID',
    'enableGracefulShutdown(app): this application does not import GracefulShutdownModule. ' +
      'Add it to the imports of its root module: imports: [GracefulShutdownModule]',
  );
}

/** Reports a failed bootstrap, so that the shutdown does not wait for it. */
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
