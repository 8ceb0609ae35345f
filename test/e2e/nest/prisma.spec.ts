import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { PRISMA_MAJORS, prismaClient, prismaOptions } from '../../support/prisma.js';
import { closeAll, reportOf } from './applications.js';
import { calls, closeAndListen, HOOKS } from './shutdown-calls.js';
import type { PrismaMajor } from '../../support/prisma.js';
import type { Parts } from './shutdown-calls.js';

// With its first client, Prisma 5 installs listeners of its own, for good.
beforeAll(() => void new (prismaClient(5))(prismaOptions(5)));
afterEach(closeAll);
guardAgainstLeaks();

/** The service of Nest's recipe for Prisma, with every shutdown hook. */
function prismaService(major: PrismaMajor): Parts {
  return (journal) => {
    class PrismaService extends prismaClient(major) {
      constructor() {
        super(prismaOptions(major));
      }
      async onModuleDestroy(...given: unknown[]): Promise<void> {
        journal.note(`PrismaService.onModuleDestroy(${given.join()}) ${typeof this.order.findMany}`);
        await this.$disconnect();
      }
      beforeApplicationShutdown(...given: unknown[]): void {
        journal.note(`PrismaService.beforeApplicationShutdown(${given.join()})`);
      }
      onApplicationShutdown(...given: unknown[]): void {
        journal.note(`PrismaService.onApplicationShutdown(${given.join()})`);
      }
    }
    return { providers: [PrismaService] };
  };
}

/** A client with methods of an extension, some of which are hooks. */
function prismaFactory(major: PrismaMajor): Parts {
  return (journal) => {
    const client = Object.fromEntries(
      HOOKS.map((hook) => [hook, (...given: unknown[]) => journal.note(`Extended.${hook}(${given.join()})`)]),
    );
    const useFactory = (): object => new (prismaClient(major))(prismaOptions(major)).$extends({ client });
    return { providers: [{ provide: 'PRISMA', useFactory }] };
  };
}

describe.each(PRISMA_MAJORS)('the same calls as on Nest alone, for a client of Prisma %i', (major) => {
  it.each([
    { kind: 'that a class extends', parts: prismaService(major) },
    { kind: 'with an extension, from a factory', parts: prismaFactory(major) },
  ])('$kind', async ({ parts }) => {
    const alone = await closeAndListen(parts, false);
    const ours = await closeAndListen(parts, true);

    expect(calls(ours)).toEqual(calls(alone));
    expect(ours.entries).toHaveLength(HOOKS.length);
    const { status, participants } = reportOf(ours.app!);
    expect(status).toBe('completed');
    expect(participants.filter(({ name }) => HOOKS.some((hook) => name.endsWith(`.${hook}`)))).not.toEqual(
      [],
    );
  });
});
