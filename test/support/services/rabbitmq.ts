import { requireTool } from '../../../scripts/find-tools.mjs';
import amqp from 'amqplib';
import { freePort, Server } from './server.js';
import { Service } from './service.js';

/** A RabbitMQ of one's own, and the daemon by which Erlang's nodes find each other. */
export class RabbitServer extends Service {
  readonly url: string;

  readonly #epmd = new Server();
  readonly #ports: { readonly amqp: number; readonly epmd: number; readonly nodes: number };

  private constructor(ports: { amqp: number; epmd: number; nodes: number }) {
    super();
    this.#ports = ports;
    this.url = `amqp://guest:guest@127.0.0.1:${ports.amqp}`;
  }

  static async create(): Promise<RabbitServer> {
    requireTool('rabbitmq');
    const [port, epmd, nodes] = await Promise.all([freePort(), freePort(), freePort()]);
    const rabbit = new RabbitServer({ amqp: port, epmd, nodes });
    await rabbit.#epmd.start('epmd', ['-port', String(epmd), '-address', '127.0.0.1', '-d'], /epmd running/);
    await rabbit.start();
    return rabbit;
  }

  async start(): Promise<void> {
    const { folder } = this.server;
    const { amqp: port, epmd, nodes } = this.#ports;
    const settings: Record<string, string | number> = {
      HOME: folder,
      ERL_EPMD_PORT: epmd,
      RABBITMQ_NODENAME: `node${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: port,
      RABBITMQ_DIST_PORT: nodes,
      RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_LOGS: '-',
      ERL_CRASH_DUMP_SECONDS: 0,
      RABBITMQ_CONF_ENV_FILE: `${folder}/none.conf`,
      RABBITMQ_CONFIG_FILE: `${folder}/none`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
      RABBITMQ_PID_FILE: `${folder}/pid`,
      // On two cores Erlang's threads would wait for one another.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none',
      // Has it take the place of the shell that starts it.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
    const environment = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    await this.server.start(
      'env',
      [...environment, requireTool('rabbitmq')],
      /Server startup complete|Ready to start client connection listeners[^]*started TCP listener/,
    );
  }

  /** How many messages wait in a queue, and how many consumers it has. */
  async queue(name: string): Promise<{ messageCount: number; consumerCount: number }> {
    const connection = await amqp.connect(this.url);
    try {
      const channel = await connection.createChannel();
      // Where there is no such queue, the server closes the channel, and the call rejects.
      channel.on('error', () => {});
      const { messageCount, consumerCount } = await channel.checkQueue(name);
      return { messageCount, consumerCount };
    } finally {
      await connection.close();
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#epmd[Symbol.asyncDispose]();
  }
}
