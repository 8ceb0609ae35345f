import { Random } from './random.js';
import type { GracefulShutdownOptions, ShutdownPhase } from 'nestjs-drain';

/** What a hook or a participant's method does; durations in milliseconds. */
export type Behaviour =
  | { readonly does: 'returns' | 'throws' | 'rejects' | 'hangs' | 'leaves a timer' | 'blocks for ever' }
  | { readonly does: 'takes' | 'blocks'; readonly ms: number }
  | { readonly does: 'asks for a shutdown' | 'awaits a shutdown' }
  | { readonly does: 'sends'; readonly signal: 'SIGTERM' | 'SIGINT' }
  /** Where nobody catches it, a moment later. */
  | { readonly does: 'breaks down' };

export const HOOKS = ['beforeApplicationShutdown', 'onModuleDestroy', 'onApplicationShutdown'] as const;
export type Hook = (typeof HOOKS)[number];

export interface ProviderPlan {
  readonly name: string;
  readonly module: 'root' | 'feature' | 'global';
  readonly hooks: Partial<Record<Hook, Behaviour>>;
}

export type Method = ShutdownPhase | 'resume';

export interface ParticipantPlan {
  readonly name: string;
  readonly priority: number;
  readonly timeoutMs?: number;
  /** Whether it counts work for as many drains as this. */
  readonly busyDrains: number;
  readonly methods: Partial<Record<Method, Behaviour>>;
}

/** Routes whose handlers note what becomes of their work. */
export const WORKING_ROUTES = ['GET /work', 'POST /payments', 'GET /reports', 'POST /answers'] as const;
export type WorkingRoute = (typeof WORKING_ROUTES)[number];

/** One client, from the start of the load to the end of the process; durations in milliseconds. */
export type ClientPlan =
  | { readonly kind: 'keep-alive' | 'new connections'; readonly everyMs: number; readonly workMs: number }
  | { readonly kind: 'long request'; readonly workMs: number }
  | { readonly kind: 'slow reader'; readonly bytes: number; readonly overMs: number }
  /** Reads an event stream that answers a POST, to its last event. */
  | { readonly kind: 'streamed answer'; readonly everyMs: number; readonly workMs: number }
  | { readonly kind: 'pipelining'; readonly count: number; readonly workMs: number; readonly everyMs: number }
  | {
      readonly kind: 'giving up';
      readonly route: WorkingRoute;
      readonly everyMs: number;
      readonly workMs: number;
      /** How long it waits for the answer. */
      readonly patienceMs: number;
      readonly ends: 'with FIN' | 'with RST';
    }
  | { readonly kind: 'silent' | 'half-sent' | 'stalled upload' | 'stalled reader' };

export interface Step {
  /** After the step before, or after the start of the load. */
  readonly afterMs: number;
  readonly does: 'SIGTERM' | 'SIGINT' | 'POST /drain' | 'DELETE /drain' | 'close' | 'break down';
}

/** How an application can be broken, to see whether that is noticed. */
export const SABOTAGES = [
  'exits early',
  'destroys first',
  'ignores the deadline',
  'resets clients',
  'does not await its work',
  'keeps its port',
] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/** One run: an application, its clients, and what happens to it. */
export interface ChaosPlan {
  readonly seed: number;
  readonly nest: 11 | 12;
  readonly platform: 'express' | 'fastify';
  readonly line: 'enable' | 'hooks';
  readonly options: GracefulShutdownOptions & {
    readonly gracePeriodMs: number;
    readonly announceDelayMs: number;
  };
  readonly providers: readonly ProviderPlan[];
  readonly participants: readonly ParticipantPlan[];
  readonly clients: readonly ClientPlan[];
  readonly steps: readonly Step[];
  /** Whether the application is one of two workers, and how connections get to them. Only it is told to end. */
  readonly cluster?: 'rr' | 'none';
  readonly sabotage?: Sabotage;
}

/** The end of an event stream that answers a POST. */
export const LAST_EVENT = 'data: [DONE]\n\n';

export const DRAIN_KEY = 'a key would have blanks'.replaceAll(' ', '-');

const PHASES = ['announce', 'quiesce', 'drain', 'release', 'flush'] as const;

/** Clients that are cut in the end. */
const CUT_KINDS: readonly ClientPlan['kind'][] = ['long request', 'stalled upload', 'stalled reader'];

/** The plan of a seed: the same each time. */
export function planFor(seed: number, sabotage?: Sabotage): ChaosPlan {
  const random = new Random(seed);
  const onFatalError = random.chance(0.3);
  // Most of what goes wrong hides what else might: some have to go well.
  const isCalm = random.chance(0.25);
  const done = steps(random, onFatalError);
  // Without a trigger that ends the process, or before it, nothing watches the event loop.
  const mayBlock = random.chance(0.5) && done.every(({ does }) => does === 'SIGTERM' || does === 'SIGINT');
  const does = (): Behaviour => {
    if (isCalm) return calmBehaviour(random);
    return mayBlock && random.chance(0.25) ? { does: 'blocks for ever' } : behaviour(random, onFatalError);
  };
  const plan: ChaosPlan = {
    seed,
    nest: random.pick([11, 12]),
    platform: random.pick(['express', 'fastify']),
    line: random.pick(['enable', 'enable', 'hooks']),
    options: {
      gracePeriodMs: random.between(800, 2_500),
      announceDelayMs: random.pick([0, random.between(1, 300)]),
      participantTimeoutMs: random.between(100, 1_000),
      onFatalError,
      drainAuthKey: DRAIN_KEY,
      ...(random.chance(0.2) && { lateRequests: 'serve' as const }),
      ...(random.chance(0.2) && { drainTimeoutMs: random.between(50, 400) }),
    },
    providers: random.list(random.between(1, 5), (index) => ({
      name: `Provider${index}`,
      module: random.pick(['root', 'feature', 'global']),
      hooks: some(random, HOOKS, 0.6, does),
    })),
    participants: random.list(random.between(0, 5), (index) => ({
      name: `participant ${index}`,
      priority: random.between(-1, 1),
      ...(random.chance(0.3) && { timeoutMs: random.between(0, 800) }),
      busyDrains: random.chance(0.2) ? random.between(1, 3) : 0,
      methods: {
        flush: does(),
        ...some(random, [...PHASES, 'resume'], 0.4, does),
      },
    })),
    clients: [
      { kind: 'keep-alive', everyMs: random.between(5, 40), workMs: random.between(0, 60) },
      ...random
        .list(random.between(1, 6), () => client(random))
        .filter(({ kind }) => !isCalm || !CUT_KINDS.includes(kind)),
      ...random.list(random.pick([0, 0, 1, 2]), () => streamedAnswer(random)),
    ],
    steps: done,
    ...(sabotage && { sabotage }),
  };
  return random.chance(0.25) ? asWorker(plan, random) : plan;
}

function asWorker(plan: ChaosPlan, random: Random): ChaosPlan {
  return {
    ...plan,
    cluster: random.pick(['rr', 'rr', 'rr', 'none']),
    // By the port that they share, the sibling may get them.
    steps: plan.steps.filter(({ does }) => does !== 'POST /drain' && does !== 'DELETE /drain'),
  };
}

function some<K extends string, V>(
  random: Random,
  keys: readonly K[],
  probability: number,
  make: () => V,
): Partial<Record<K, V>> {
  const chosen = keys.filter(() => random.chance(probability));
  return Object.fromEntries(chosen.map((key) => [key, make()])) as Partial<Record<K, V>>;
}

function calmBehaviour(random: Random): Behaviour {
  return random.chance(0.5) ? { does: 'returns' } : { does: 'takes', ms: random.between(1, 50) };
}

function behaviour(random: Random, onFatalError: boolean): Behaviour {
  if (random.chance(0.35)) return { does: 'returns' };
  if (random.chance(0.35)) return { does: 'takes', ms: random.pick([10, 100, random.between(100, 1_500)]) };
  if (random.chance(0.1)) return { does: 'blocks', ms: random.between(10, 100) };
  if (random.chance(0.15)) return { does: 'sends', signal: random.pick(['SIGTERM', 'SIGTERM', 'SIGINT']) };
  if (onFatalError && random.chance(0.15)) return { does: 'breaks down' };
  return {
    does: random.pick([
      'throws',
      'rejects',
      'hangs',
      'leaves a timer',
      'asks for a shutdown',
      'awaits a shutdown',
    ]),
  };
}

function client(random: Random): ClientPlan {
  const everyMs = random.between(10, 60);
  const workMs = random.between(0, 120);
  return random.pick<() => ClientPlan>([
    () => ({ kind: 'keep-alive', everyMs, workMs }),
    () => ({ kind: 'keep-alive', everyMs: 1, workMs: 0 }),
    () => ({ kind: 'new connections', everyMs, workMs }),
    () => ({ kind: 'pipelining', count: random.between(2, 5), everyMs, workMs }),
    () => givingUp(random),
    () => ({
      kind: 'slow reader',
      bytes: random.between(1, 8) * 1_000_000,
      overMs: random.between(100, 900),
    }),
    () => ({ kind: 'long request', workMs: random.between(200, 4_000) }),
    () => ({ kind: random.pick(['silent', 'half-sent', 'stalled upload', 'stalled reader']) }),
  ])();
}

function streamedAnswer(random: Random): ClientPlan {
  return {
    kind: 'streamed answer',
    everyMs: random.between(5, 60),
    workMs: random.pick([random.between(20, 400), random.between(400, 2_000)]),
  };
}

function givingUp(random: Random): ClientPlan {
  const workMs = random.pick([random.between(20, 400), random.between(20, 400), random.between(400, 3_000)]);
  return {
    kind: 'giving up',
    route: random.pick(WORKING_ROUTES),
    everyMs: random.between(5, 60),
    workMs,
    patienceMs: random.between(5, Math.min(workMs, 200) - 5),
    ends: random.pick(['with FIN', 'with RST']),
  };
}

function steps(random: Random, onFatalError: boolean): Step[] {
  const sooner = random.pick([0, 1, random.between(2, 400)]);
  const first = { afterMs: random.between(50, 500) };
  const then = { afterMs: random.pick([0, 1, random.between(2, 600)]) };
  const shapes: [Step[], ...Step[][]] = [
    [{ ...first, does: 'SIGTERM' }],
    [
      { ...first, does: 'POST /drain' },
      { ...then, does: 'SIGTERM' },
    ],
    [
      { ...first, does: 'POST /drain' },
      { ...then, does: 'DELETE /drain' },
      { afterMs: sooner, does: 'SIGTERM' },
    ],
    [
      { ...first, does: 'POST /drain' },
      { ...then, does: 'DELETE /drain' },
      { afterMs: sooner, does: 'POST /drain' },
      { ...then, does: 'SIGTERM' },
    ],
    [
      { ...first, does: 'SIGTERM' },
      // A SIGTERM forces after 5 s only, which none of these shutdowns lasts.
      ...random.list(random.between(1, 20), () => ({
        ...then,
        does: random.pick<'SIGTERM' | 'SIGINT'>(['SIGTERM', 'SIGTERM', 'SIGINT']),
      })),
    ],
    [
      { ...first, does: 'close' },
      { afterMs: sooner, does: 'SIGTERM' },
    ],
    [
      { ...first, does: 'SIGTERM' },
      { afterMs: sooner, does: 'close' },
    ],
    [
      { ...first, does: 'SIGINT' },
      { afterMs: random.between(0, 600), does: 'SIGINT' },
    ],
  ];
  const fatal: [Step[], ...Step[][]] = [
    [{ ...first, does: 'break down' }],
    [
      { ...first, does: 'break down' },
      { ...then, does: 'SIGTERM' },
    ],
    [
      { ...first, does: 'SIGTERM' },
      { ...then, does: 'break down' },
    ],
    [
      { ...first, does: 'break down' },
      { ...then, does: 'break down' },
    ],
  ];
  return onFatalError && random.chance(0.5) ? random.pick(fatal) : random.pick(shapes);
}
