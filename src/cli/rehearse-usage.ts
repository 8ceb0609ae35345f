import { PROMISES } from '../rehearsal/promises.js';

const EXIT_CODES = PROMISES.map(({ exitCode, title }) => `  ${exitCode}  ${title}`).join('\n');

/** What `nestjs-drain rehearse --help` prints. */
export const REHEARSE_USAGE = `Usage: nestjs-drain rehearse [flags] -- COMMAND

Starts COMMAND, sends requests over keep-alive and new connections, sends a signal meanwhile, and reports what the
clients lost. Requests are sent at fixed times, until some time after readiness has failed.

  nestjs-drain rehearse --path /orders -- node dist/main.js

The application:
  --url URL            its address; default: the port that it opens (Linux)
  --ready PATH         path or URL of its readiness route; default: /readyz, if there is such a route
  --ready-timeout 60s  the longest time until it is ready
The platform:
  --signal SIGTERM     the signal to send
  --grace 30s          the time from the signal until everything is killed
  --lag 1s             the time from the failing readiness (without it, from the signal) to the last request
  --fleet N            restarts N instances one after the other behind a balancer; a variable gives each its port
  --balancer builtin   or haproxy or nginx, if this machine has them
  --port-variable PORT the name of that variable
  --cluster            COMMAND is the primary process of node:cluster, or pm2-runtime: replaces its workers one after
                       the other, then ends the whole
  --reload SIGNAL      a signal or a command that replaces all workers; default: --signal to each worker, and with
                       pm2-runtime: pm2 reload all
The clients:
  --path /             the path to request; can be repeated
  --method GET         POST if there is a body
  --header 'N: V'      can be repeated
  --body TEXT          or @FILE
  --stream PATH        an event stream to keep open; can be repeated
  --websocket PATH     a WebSocket to keep open; can be repeated
  --scenario FILE      requests with weights, event streams and WebSockets, in JSON or YAML
  --openapi FILE       requests of an OpenAPI document, from its examples; GET only, unless --openapi-methods GET,POST
  --rate 50            requests per second
  --duration 2s        the time of load before the signal
  --timeout 10s        the longest time for an answer
  --restarts 1         the number of repetitions; more of them lower the upper bound of the loss per million
The files; those that exist are overwritten:
  --json FILE          the complete result
  --junit FILE         a test case for each promise
  --html FILE          a page with the curve of requests
  --report FILE        the file of report.file, which is read: the page shows its timeline

Durations are numbers with ms, s or m; without a unit they are in seconds.

Exit codes: 0 if every promise was kept; 2 if the arguments are wrong; 3 if there was nothing to judge (the command was
not found, was never ready, or ended before the signal); 128 plus its number if a signal ended the rehearsal; otherwise
that of the first broken promise:
${EXIT_CODES}`;
