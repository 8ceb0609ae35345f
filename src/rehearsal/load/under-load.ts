import { Agent } from 'node:http';
import { OUTCOMES } from './outcome.js';
import { openLoop } from './open-loop.js';
import { sendRequest, type RequestPlan } from './request.js';
import { Tally } from './tally.js';

/** How clients use their connections. */
export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  readonly perSecond: number;
  readonly keepAlive: boolean;
}

/** Does something while requests arrive at a fixed rate; resolves with what became of them. */
export async function underLoad(
  { port, path, perSecond, keepAlive }: LoadOptions,
  act: () => Promise<unknown>,
): Promise<Tally> {
  const tally = new Tally();
  const over = new AbortController();
  const agent = new Agent({ keepAlive });
  const plan: RequestPlan = { kind: keepAlive ? 'kept alive' : 'new connection', method: 'GET', path };
  const send = async (): Promise<void> => {
    tally.sent(plan);
    tally.ended(await sendRequest(plan, { port, agent, timeoutMs: 20_000 }));
  };
  const load = openLoop([{ perSecond, plan: () => plan }], send, over.signal);
  try {
    await act();
  } finally {
    over.abort();
    await load;
    agent.destroy();
  }
  return tally;
}

/** The ends other than a complete answer, with their numbers. */
export function losses(tally: Tally): Readonly<Record<string, number>> {
  return Object.fromEntries(
    OUTCOMES.filter((outcome) => outcome !== 'answered' && tally.count(outcome) > 0).map((outcome) => [
      outcome,
      tally.count(outcome),
    ]),
  );
}
