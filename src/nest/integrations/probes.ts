import { HTTP_PROBES } from '../../http/http-probes.js';
import { MESSAGE_PROBES } from '../../microservices/message-probes.js';
import { LOG_PROBES } from '../../report/log-probes.js';
import { PROCESS_PROBES } from '../../process/process-probes.js';
import { CLIENT_PROBES } from '../../resources/client-probes.js';
import { SSE_PROBES } from '../../sse/sse-probes.js';
import { WEB_SOCKET_PROBES } from '../../websockets/web-socket-probes.js';
import { CONTAINER_PROBES } from '../lifecycle/container-probes.js';
import { ADAPTER_PROBES } from './adapter-probes.js';
import { BULL_PROBES } from './bull-probes.js';
import { COMMAND_PROBES } from './commands.js';
import { EVENT_PROBES } from './event-probes.js';
import { GATEWAY_PROBES } from './gateway-probes.js';
import { LOGGER_PROBES } from './logger-forms.js';
import { SCHEDULE_PROBES } from './schedule-probes.js';
import { TERMINUS_PROBES } from './terminus-probes.js';
import type { Probe } from '../../util/probe.js';

/** All private or undocumented parts of Node and other packages that this package relies on. */
export const PROBES: readonly Probe[] = [
  ...HTTP_PROBES,
  ...SSE_PROBES,
  ...PROCESS_PROBES,
  ...LOG_PROBES,
  ...WEB_SOCKET_PROBES,
  ...CLIENT_PROBES,
  ...CONTAINER_PROBES,
  ...ADAPTER_PROBES,
  ...GATEWAY_PROBES,
  ...SCHEDULE_PROBES,
  ...EVENT_PROBES,
  ...COMMAND_PROBES,
  ...BULL_PROBES,
  ...TERMINUS_PROBES,
  ...LOGGER_PROBES,
  ...MESSAGE_PROBES,
];
