import { channel } from 'node:diagnostics_channel';
import type { ShutdownEvent } from '../core/events.js';
import type { ShutdownReport } from '../core/report.js';
import type { ShutdownCoordinator } from '../core/shutdown-coordinator.js';

type EventOf<Type extends ShutdownEvent['type']> = Extract<ShutdownEvent, { type: Type }>;

/** Messages published on channels of `node:diagnostics_channel`, by channel name. */
export interface ShutdownDiagnostics {
  readonly 'nestjs-drain:phase': EventOf<'phase-entered' | 'phase-left'> & {
    readonly coordinator: ShutdownCoordinator;
  };
  readonly 'nestjs-drain:participant': EventOf<
    'participant-started' | 'participant-slow' | 'participant-overtaken' | 'participant-settled'
  > & { readonly coordinator: ShutdownCoordinator };
  readonly 'nestjs-drain:report': {
    readonly coordinator: ShutdownCoordinator;
    readonly report: ShutdownReport;
  };
}

const PHASE = channel('nestjs-drain:phase' satisfies keyof ShutdownDiagnostics);
const PARTICIPANT = channel('nestjs-drain:participant' satisfies keyof ShutdownDiagnostics);
const REPORT = channel('nestjs-drain:report' satisfies keyof ShutdownDiagnostics);

/** Publishes a coordinator's events to all subscribers in this process, such as tracing tools. */
export function publishDiagnostics(coordinator: ShutdownCoordinator): void {
  coordinator.observe((event) => {
    switch (event.type) {
      case 'phase-entered':
      case 'phase-left':
        return PHASE.hasSubscribers ? PHASE.publish({ ...event, coordinator }) : undefined;
      case 'participant-started':
      case 'participant-slow':
      case 'participant-overtaken':
      case 'participant-settled':
        return PARTICIPANT.hasSubscribers ? PARTICIPANT.publish({ ...event, coordinator }) : undefined;
      case 'finished':
        return REPORT.publish({ coordinator, report: event.report });
      case 'announced':
      case 'terminating':
      case 'joined':
      case 'self-wait':
      case 'self-wait-suspected':
      case 'resumed':
      case 'cut':
      case 'cut-unnamed':
      case 'deadline-passed':
      case 'forced':
      case 'answer-invalid':
      case 'observer-failed':
        return undefined;
    }
  });
}
