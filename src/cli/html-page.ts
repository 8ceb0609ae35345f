import { escaped } from '../util/escaped.js';

/** A page: its title, which is its heading, too, how that looks, and what is below it as HTML. */
export interface PageContent {
  readonly title: string;
  /** A CSS class: `completed` if all is well. */
  readonly status: string;
  readonly body: string;
}

/** Renders a self-contained page: light, dark and on paper; no scripts, no other files, no network. */
export function htmlPage({ title, status, body }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1 class="${escaped(status)}">${escaped(title)}</h1>
${body}
</body>
</html>
`;
}

const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1b1f24; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff;
  --phase: #8250df; --good: #1a7f37; --bad: #cf222e; --late: #bc4c00; --none: #818b98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --ground: #0d1117;
    --phase: #ab7df8; --good: #3fb950; --bad: #f85149; --late: #f0883e; --none: #9198a1;
  }
}
@media print {
  :root {
    color-scheme: light;
    --text: #000000; --quiet: #444444; --line: #bbbbbb; --ground: #ffffff;
    --phase: #8250df; --good: #1a7f37; --bad: #cf222e; --late: #bc4c00; --none: #818b98;
  }
  body { margin: 0; max-width: none; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; }
  svg, li { break-inside: avoid; }
}
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; padding-left: .7rem; border-left: .4rem solid var(--bad); }
h1.completed { border-color: var(--good); }
.kept th { color: var(--good); }
.broken th { color: var(--bad); font-weight: 600; }
td { vertical-align: top; padding: 0 2rem .5rem 0; }
td p { margin: .2rem 0; }
h2 { font-size: 1rem; margin-top: 2rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; }
dt, .tick text { color: var(--quiet); fill: var(--quiet); }
dd { margin: 0; }
li { overflow-wrap: anywhere; }
th { text-align: left; font-weight: normal; padding-right: 2rem; vertical-align: top; color: var(--quiet); }
.chart { overflow-x: auto; }
svg { width: 100%; min-width: 40rem; height: auto; font-size: 12px; }
svg text { fill: var(--text); dominant-baseline: central; }
svg line { stroke: var(--line); }
.budget .left { fill: var(--line); }
.budget .used { fill: var(--phase); }
.budget .reserve { stroke: var(--text); stroke-dasharray: 3 3; }
.area { fill: var(--phase); opacity: .25; }
.curve { fill: none; stroke: var(--phase); stroke-width: 2; }
svg .phase { font-weight: 600; }
.phase rect { fill: var(--phase); }
.completed rect { fill: var(--good); }
.failed rect { fill: var(--bad); }
.abandoned rect { fill: var(--late); }
.skipped rect { fill: var(--none); }
`;
