import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { All, Controller, Module, Post, Req, RequestMethod, Res, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { concat, defer, from, interval, map, Observable } from 'rxjs';
import { PhasedCoordinator } from '../../../src/core/coordinator.js';
import { deferred } from '../../../src/util/deferred.js';
import { GracefulShutdownModule } from '../../../src/nest/graceful-shutdown.module.js';
import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ShutdownReport } from '../../../src/core/report.js';
import type { Adapter } from '../http/served-application.js';

/** The answer of the model: the last words come when the shutdown is draining. */
export const WORDS = ['the', 'quick', 'brown', 'fox', 'is', 'done'];

/** Express' objects, or what Fastify wraps around them. */
type Request = IncomingMessage & { readonly raw?: IncomingMessage; readonly body?: unknown };
type Response = ServerResponse & { readonly raw?: ServerResponse };

/** An application with the streams of language models: chat completions, and MCP over Streamable HTTP. */
export class ModelApplication {
  readonly coordinator: PhasedCoordinator;
  /** What has happened in the application, in order. */
  readonly journal: string[];
  /** Resolves when {@link carryOn} is called. */
  readonly carriesOn: Promise<void>;
  readonly carryOn: () => void;
  readonly #app: INestApplication;
  readonly #sessions: McpSessions;

  private constructor(app: INestApplication, journal: string[], sessions: McpSessions) {
    this.#app = app;
    this.#sessions = sessions;
    this.journal = journal;
    const { promise, resolve } = deferred<void>();
    this.carriesOn = promise;
    this.carryOn = resolve;
    this.coordinator = app.get(PhasedCoordinator);
  }

  static async start(adapter: Adapter, options: GracefulShutdownOptions = {}): Promise<ModelApplication> {
    const journal: string[] = [];
    const draining = (): Promise<void> => app.get(PhasedCoordinator).entered('drain');
    const sessions = new McpSessions(draining);

    async function* words(): AsyncGenerator<string> {
      yield* WORDS.slice(0, 2);
      await draining();
      yield* WORDS.slice(2);
    }

    @Controller()
    class ModelController {
      onModuleDestroy(): void {
        journal.push('module destroyed');
      }

      @Post('v1/chat/completions')
      async complete(@Res() reply: Response): Promise<void> {
        const response = reply.raw ?? reply;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        for await (const word of words()) response.write(`data: ${JSON.stringify(chunk(word))}\n\n`);
        response.end('data: [DONE]\n\n');
        await new Promise((resolve) => setImmediate(resolve));
        journal.push('handler returned');
      }

      @Sse('observed/chat/completions', { method: RequestMethod.POST })
      observe(): Observable<{ data: object | string }> {
        const chunks = from(words()).pipe(map((word) => ({ data: chunk(word) })));
        return concat(
          chunks,
          defer(() => [{ data: '[DONE]' }]),
        );
      }

      @All('mcp-by-controller')
      async mcp(@Req() request: Request, @Res() reply: Response): Promise<void> {
        await sessions.handle(request.raw ?? request, reply.raw ?? reply, request.body);
      }

      @Sse('ticks')
      ticks(): Observable<{ data: string; id: string }> {
        return interval(5).pipe(map((tick) => ({ data: 'tick', id: String(tick) })));
      }
    }

    @Module({
      // With a delay that is set, if only to 0, the listener stays open as in production.
      imports: [
        GracefulShutdownModule.forRoot({ exit: false, logProgress: false, announceDelayMs: 0, ...options }),
      ],
      controllers: [ModelController],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule, adapter.create(), { logger: false });
    app.use('/mcp', async (request: Request, response: ServerResponse) => {
      await sessions.handle(request, response);
    });
    await app.listen(0, '127.0.0.1');
    return new ModelApplication(app, journal, sessions);
  }

  get port(): number {
    return ((this.#app.getHttpServer() as Server).address() as AddressInfo).port;
  }

  shutdown(): Promise<ShutdownReport> {
    return this.coordinator.shutdown({ kind: 'signal', signal: 'SIGTERM' });
  }

  async close(): Promise<void> {
    await this.#app.close();
    await this.#sessions.close();
  }
}

/** The sessions of an MCP server whose tool needs until the shutdown is draining. */
class McpSessions {
  readonly #transports = new Map<string, StreamableHTTPServerTransport>();
  readonly #servers: McpServer[] = [];
  readonly #draining: () => Promise<void>;

  constructor(draining: () => Promise<void>) {
    this.#draining = draining;
  }

  async handle(request: IncomingMessage, response: ServerResponse, body?: unknown): Promise<void> {
    const id = request.headers['mcp-session-id'];
    const transport = this.#transports.get(String(id)) ?? (await this.#open());
    await transport.handleRequest(request, response, body);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.close();
  }

  async #open(): Promise<StreamableHTTPServerTransport> {
    const server = new McpServer({ name: 'hotel', version: '1.0.0' });
    server.registerTool('book', {}, async () => {
      await this.#draining();
      return { content: [{ type: 'text', text: 'booked' }] };
    });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void this.#transports.set(id, transport),
    });
    await server.connect(transport as Parameters<McpServer['connect']>[0]);
    this.#servers.push(server);
    return transport;
  }
}

function chunk(word: string): object {
  return {
    id: 'completion',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'test',
    choices: [{ index: 0, delta: { content: word }, finish_reason: null }],
  };
}
