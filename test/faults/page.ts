import { CLIENT_FAULTS, MISBEHAVIOURS, PLACES } from './fault-table.js';
import { TESTED_ELSEWHERE } from './tested-elsewhere.js';
import type { Misbehaviour } from './fault-table.js';

/** The page `docs/faults.md`, before formatting. */
export function faultsPage(): string {
  return [
    '<!-- Generated from test/faults by `npm run docs:faults`. -->',
    '# Faults',
    'What is promised when something goes wrong in the middle of a shutdown, and tested: every row runs in real processes, which are sent SIGTERM with a request in flight. ' +
      'Each time the process has to be gone by its deadline and 250 ms, or twice that where the event loop is blocked (the tests allow a busy machine another 1.5 s to deliver the signal and tell of the end), with the exit code that the row says, with a report that names the culprit; ' +
      'and all other participants, all other hooks and the request in flight have to come through as if nothing had happened, unless the row says that the process ends early.',
    '## User code',
    `A participant or a hook that misbehaves, in ${listed(PLACES.map((place) => `\`${place}\``))}. ` +
      'Each row is tested in all of them; Express, Fastify and applications without a server take turns, and so do Nest 12 and 11.',
    table(['It …', 'What follows', 'Exit code'], MISBEHAVIOURS.map(rowOf)),
    '## Clients',
    'A client that misbehaves while the server drains, on Express and on Fastify, on Nest 12; on Nest 11 they take turns.',
    table(
      ['A client that …', 'What follows', 'Exit code'],
      CLIENT_FAULTS.map(({ what, ends, cut }) => [
        what,
        cut ? `${ends.inWords}: ${cut.kind} \`${cut.name}\`` : ends.inWords,
        String(ends.code),
      ]),
    ),
    '## Everything else',
    table(
      ['Fault', 'What follows', 'Tested in'],
      TESTED_ELSEWHERE.map(({ what, promise, spec }) => [what, promise, `[${spec}](../test/${spec})`]),
    ),
    '## Not covered',
    'Of a peer whose cable was cut there is no row in these tables: on one machine the kernel always answers for it.',
    '',
  ].join('\n\n');
}

function rowOf({ what, ends }: Misbehaviour): string[] {
  const endings = [...new Map(PLACES.map((place) => [ends(place).inWords, ends(place)])).values()];
  return [
    what,
    endings.map(({ inWords }) => inWords).join('; '),
    endings.map(({ code }) => String(code)).join('; '),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
