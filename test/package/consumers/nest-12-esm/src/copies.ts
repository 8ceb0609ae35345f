import { createRequire } from 'node:module';
import { ShutdownCoordinator } from 'nestjs-drain';

/** The class as `import` and as `require` give it. */
export function copies(): Promise<unknown[]> {
  const required = createRequire(import.meta.url)('nestjs-drain') as typeof import('nestjs-drain');
  return Promise.resolve([ShutdownCoordinator, required.ShutdownCoordinator]);
}
