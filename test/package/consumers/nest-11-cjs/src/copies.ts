import { ShutdownCoordinator } from 'nestjs-drain';

/** The class as `require` and as `import()` give it. */
export async function copies(): Promise<unknown[]> {
  const imported = await import('nestjs-drain');
  return [ShutdownCoordinator, imported.ShutdownCoordinator];
}
