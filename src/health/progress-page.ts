import { createHash } from 'node:crypto';
import type { Answer } from './endpoint.js';

const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff; --mark: #8250df; --good: #1a7f37;
}
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --ground: #0d1117; --mark: #ab7df8; --good: #3fb950; }
}
body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
h1 { font-size: 1.3rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2rem 0 .3rem; }
p { margin: .3rem 0; color: var(--quiet); }
ol { display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; margin: 1.2rem 0; list-style: none; }
ol li { padding: .15rem .8rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--quiet); }
ol li.past { border-color: var(--good); color: var(--good); }
ol li.current { border-color: var(--mark); background: var(--mark); color: var(--ground); font-weight: 600; }
progress { width: 100%; height: 1rem; accent-color: var(--mark); }
output { font-size: 2.4rem; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: 6rem; display: block; border-bottom: 1px solid var(--line); }
polyline { fill: none; stroke: var(--mark); stroke-width: 2; vector-effect: non-scaling-stroke; }
ul { margin: 0; padding-left: 1.2rem; }
li { overflow-wrap: anywhere; }
#note { min-height: 1.5em; }
`;

const SCRIPT = `
const PHASES = ['announce', 'quiesce', 'drain', 'release', 'flush'];
const element = (id) => document.getElementById(id);
const seconds = (ms) => (Math.max(0, ms) / 1000).toFixed(1) + ' s';
const points = [];
let latest;
let receivedAt = 0;
let isOver = false;

for (const phase of PHASES) element('phases').append(Object.assign(document.createElement('li'), { textContent: phase }));

const list = (id, lines) => {
  element(id).replaceChildren(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })));
  element(id + '-title').hidden = lines.length === 0;
};

function draw() {
  if (!latest) return;
  const { phase, reason, inFlight, remainingMs, elapsedMs = 0, pending, unfinished = [] } = latest;
  const sinceMs = isOver ? 0 : performance.now() - receivedAt;
  const isFinished = phase === 'completed' || phase === 'forced';
  element('title').textContent = phase === 'running' ? 'Running' : (isFinished ? 'Shutdown ' + phase : 'Shutting down') + ': ' + reason;
  const current = PHASES.indexOf(phase);
  PHASES.forEach((_, index) => {
    element('phases').children[index].className = isFinished || index < current ? 'past' : index === current ? 'current' : '';
  });
  element('budget').hidden = remainingMs === undefined;
  if (remainingMs !== undefined) {
    const leftMs = Math.max(0, remainingMs - (isFinished ? 0 : sinceMs));
    element('left').max = remainingMs + elapsedMs;
    element('left').value = leftMs;
    element('left-text').textContent = seconds(leftMs) + ' of ' + seconds(remainingMs + elapsedMs) + ' left';
  }
  element('in-flight').value = inFlight;
  const most = Math.max(1, ...points.map(([, count]) => count));
  const first = points[0][0];
  const span = Math.max(1, performance.now() - first);
  const place = ([at, count]) => (((at - first) / span) * 600).toFixed(1) + ',' + (98 - (count / most) * 92).toFixed(1);
  element('curve').setAttribute('points', [...points, [performance.now(), inFlight]].map(place).join(' '));
  list('pending', pending.map((one) => one.name + ' in ' + one.phase + ' for ' + seconds(one.ageMs + (isFinished ? 0 : sinceMs))));
  list('unfinished', unfinished);
}

const source = new EventSource(location.pathname);
source.onmessage = ({ data }) => {
  latest = JSON.parse(data);
  receivedAt = performance.now();
  // A step: the count was the former one until now.
  if (points.length > 0) points.push([receivedAt, points.at(-1)[1]]);
  points.push([receivedAt, latest.inFlight]);
  if (points.length > 2000) points.splice(0, 2);
  element('note').textContent = '';
  draw();
};
const end = (note) => {
  isOver = true;
  source.close();
  clearInterval(timer);
  element('note').textContent = note;
  draw();
};
source.addEventListener('end', () => end('The shutdown is over.'));
source.onerror = () => {
  if (latest && latest.phase !== 'running') end('The process has ended.');
  else element('note').textContent = 'No connection. Trying again.';
};
const timer = setInterval(draw, 250);
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Shutdown progress</title>
<style>${STYLE}</style>
</head>
<body>
<h1 id="title">Connecting</h1>
<p id="note" role="status"></p>
<ol id="phases" aria-label="Phases"></ol>
<div id="budget" hidden><progress id="left" aria-labelledby="left-text"></progress><p id="left-text"></p></div>
<h2>In flight</h2>
<output id="in-flight">0</output>
<svg viewBox="0 0 600 100" preserveAspectRatio="none" role="img" aria-label="Work in flight"><polyline id="curve"/></svg>
<h2 id="pending-title" hidden>Waiting for</h2>
<ul id="pending"></ul>
<h2 id="unfinished-title" hidden>Unfinished</h2>
<ul id="unfinished"></ul>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** Only what is part of the page itself may run or apply, and it may connect to its own origin only. */
const POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Returns the page that follows a shutdown in a browser. */
export function progressPage(): Answer {
  return {
    status: 200,
    body: PAGE,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
    },
  };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
