import { CLIENT_FAULTS, MISBEHAVIOURS, PLACES } from './fault-table.js';
import { TESTED_ELSEWHERE } from './tested-elsewhere.js';
import type { Misbehaviour } from './fault-table.js';

/** The page `docs/faults.md`, before formatting. */
export function faultsPage(): string {
  return [
    '<!-- Generated from test/faults by `npm run docs:faults`. -->',
    '# Faults',
    'What happens when something goes wrong in the middle of a shutdown. Every row is tested in real processes, which get SIGTERM with a request in flight. In each test:\n\n' +
      '- The process ends by its deadline plus 250 ms, or plus 500 ms if the event loop is blocked. (The tests allow a busy machine another 1.5 s.)\n' +
      '- It ends with the exit code of the row, and its report names the culprit.\n' +
      '- All other participants and hooks and the request in flight finish as usual, unless the row says that the process ends early.',
    '## User code',
    `A participant or hook that misbehaves, in ${listed(PLACES.map((place) => `\`${place}\``))}. ` +
      'Each row is tested in all of them, in turn on Express, on Fastify and without a server, and on Nest 12 and 11.',
    table(['It …', 'What follows', 'Exit code'], MISBEHAVIOURS.map(rowOf)),
    '## Clients',
    'A client that misbehaves in the drain. Each row is tested on Express and Fastify on Nest 12, and on one of them on Nest 11.',
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
    'A peer whose cable was cut has no row, because on one machine the kernel always answers for it.',
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
