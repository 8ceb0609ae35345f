import { PROMISES } from '../rehearsal/promises.js';

const EXIT_CODES = PROMISES.map(({ exitCode, title }) => `  ${exitCode}  not so: ${title}`).join('\n');

/** What `nestjs-drain rehearse --help` prints. */
export const REHEARSE_USAGE = `Usage: nestjs-drain rehearse [flags] -- COMMAND

Starts COMMAND, loads it over kept-alive and new connections, sends a signal in the middle, and tells what its clients
lost. Requests arrive at fixed times, whatever is answered, until some time after readiness has fallen.

  nestjs-drain rehearse --path /orders -- node dist/main.js

Where it is:
  --url URL            where it answers; default: the port that it opens (Linux)
  --ready PATH         tells that it is ready, as a path or a URL; default: /readyz, if there is such a route
  --ready-timeout 60s  how long it may take until it is ready
What the platform does:
  --signal SIGTERM     the signal that ends it
  --grace 30s          from the signal until everything is killed
  --lag 1s             from the fall of readiness until the last request; from the signal if there is no readiness
  --fleet N            restarts N instances one after another behind a balancer; each gets its port by a variable
  --balancer builtin   or haproxy or nginx, where this machine has them
  --port-variable PORT the variable
  --cluster            COMMAND is the primary process of node:cluster, or pm2-runtime: replaces its workers one after
                       another, then ends it
  --reload SIGNAL      or a command: what replaces all workers; default: --signal to each worker, with pm2-runtime
                       pm2 reload all
What clients do:
  --path /             what is asked; more than once for several
  --method GET         POST if there is a body
  --header 'N: V'      more than once for several
  --body TEXT          or @FILE
  --stream PATH        an event stream to keep open; more than once for several
  --websocket PATH     a WebSocket to keep open; more than once for several
  --scenario FILE      requests with weights, event streams and WebSockets, as JSON or YAML
  --openapi FILE       requests of an OpenAPI document, from its examples; GET only, but for --openapi-methods GET,POST
  --rate 50            requests a second
  --duration 2s        how long they arrive before the signal
  --timeout 10s        how long an answer may take
  --restarts 1         how often all of this is done; tells the loss per million with its upper bound
What is written over files that exist, and read for it:
  --json FILE          everything that was seen
  --junit FILE         a test case per promise
  --html FILE          a page with the curve of requests
  --report FILE        what the application writes to report.file, to be shown in that page

Durations are numbers with ms, s or m; without a unit they are seconds.

Exit codes: 0 if every promise was kept, 2 for wrong arguments, 3 if there was nothing to judge (the command was not
found, was never ready, ended before), 128 and its number after a signal, and otherwise that of the first of these:
${EXIT_CODES}`;
