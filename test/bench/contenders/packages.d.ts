/** What is used of packages that are installed only to be compared with. */
declare module '@godaddy/terminus' {
  export function createTerminus(
    server: import('node:http').Server,
    options: {
      healthChecks: Record<string, () => Promise<unknown>>;
      timeout: number;
      useExit0: boolean;
      beforeShutdown: () => Promise<unknown>;
      onSignal: () => Promise<unknown>;
    },
  ): void;
}

declare module '@gquittet/graceful-server' {
  export default function gracefulServer(
    server: import('node:http').Server,
    options: { kubernetes: boolean; timeout: number; closePromises: (() => Promise<unknown>)[] },
  ): { setReady(): void };
}

declare module 'close-with-grace' {
  export default function closeWithGrace(options: { delay: number }, close: () => Promise<unknown>): void;
}

declare module 'http-graceful-shutdown' {
  export default function gracefulShutdown(
    server: import('node:http').Server,
    options: { timeout: number; preShutdown: () => Promise<unknown>; onShutdown: () => Promise<unknown> },
  ): void;
}

declare module 'http-terminator' {
  export function createHttpTerminator(options: {
    server: import('node:http').Server;
    gracefulTerminationTimeout: number;
  }): { terminate(): Promise<void> };
}

declare module 'lightship' {
  export function createLightship(options: {
    detectKubernetes: boolean;
    port: number;
    shutdownDelay: number;
    gracefulShutdownTimeout: number;
    shutdownHandlerTimeout: number;
  }): Promise<{
    createBeacon(): { die(): Promise<void> };
    registerShutdownHandler(close: () => Promise<unknown>): void;
    signalReady(): void;
  }>;
}

declare module 'nestjs-graceful-shutdown' {
  export class GracefulShutdownModule {
    static forRoot(options: { gracefulShutdownTimeout: number }): import('@nestjs/common').DynamicModule;
  }
  export function setupGracefulShutdown(options: { app: import('@nestjs/common').INestApplication }): void;
}
