import { restartUnderLoad } from '../examples/background-tasks/restarts.js';
import type { Figure } from './figure.js';

const RESTARTS = 50;
const CLIENTS = 8;
const LOAD_MS = 300;

/** The example with background tasks, restarted while clients begin tasks: what it loses, and what it does twice. */
export async function measure(): Promise<readonly Figure[]> {
  const { accepted, refused, broken, handedOver, lost, twice, unclean } = await restartUnderLoad({
    restarts: RESTARTS,
    clients: CLIENTS,
    loadMs: LOAD_MS,
  });
  const isKept = lost.length === 0 && twice.length === 0;
  return [
    {
      what: `${RESTARTS} restarts with ${CLIENTS} clients`,
      measured: `${accepted} tasks accepted, ${lost.length} lost, ${twice.length} done twice`,
      promised: 'none lost, none done twice',
      isKept,
    },
    {
      what: 'meanwhile',
      measured: `${handedOver} handed over, ${refused} requests refused, ${broken} broken, ${unclean.length} unclean exits`,
    },
  ];
}
