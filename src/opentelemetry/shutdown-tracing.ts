import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../config/resolved-options.js';
import { messageOf } from '../core/errors.js';
import { ShutdownCoordinator } from '../core/shutdown-coordinator.js';
import { TelemetryExport } from './telemetry-export.js';
import { tracerProvider } from './telemetry-providers.js';
import type { Attributes, Span } from '@opentelemetry/api';
import type { ShutdownEvent } from '../core/events.js';
import type { ShutdownReason } from '../core/reason.js';

type Settled = Extract<ShutdownEvent, { type: 'participant-settled' }>;

/** Records a shutdown as spans while it happens. */
@Injectable()
export class ShutdownTracing implements OnApplicationBootstrap {
  readonly #telemetry: TelemetryExport;
  /** Open spans by key: the shutdown, the phase, and participants by phase and name. */
  readonly #open = new Map<string, Span>();

  constructor(
    @Inject(ShutdownCoordinator) coordinator: ShutdownCoordinator,
    @Inject(RESOLVED_OPTIONS) { exit }: Pick<ResolvedOptions, 'exit'>,
  ) {
    this.#telemetry = new TelemetryExport(coordinator, exit !== false);
    this.#telemetry.hold();
    coordinator.observe(this.#observe);
    coordinator.observe(this.#telemetry.observe);
    coordinator.register({ name: 'OpenTelemetry', flush: this.#telemetry.flush });
  }

  /** Holds an SDK that another provider has started. */
  onApplicationBootstrap(): void {
    this.#telemetry.hold();
  }

  readonly #observe = (event: ShutdownEvent): void => {
    switch (event.type) {
      case 'announced':
      case 'terminating':
        return this.#begin(event.reason);
      case 'phase-entered':
        // The SDK is shut down in flush, and only ended spans are exported.
        return event.phase === 'flush' ? this.#endAll() : this.#start('phase', event.phase, 'shutdown');
      case 'phase-left':
        return this.#end('phase');
      case 'participant-started':
        return this.#start(keyOf(event), event.name, 'phase', {
          'graceful_shutdown.phase': event.phase,
        });
      case 'participant-overtaken':
        this.#open.get(keyOf(event))?.addEvent('overtaken', { age_ms: event.ageMs });
        return;
      case 'participant-settled':
        return this.#settle(event);
      case 'cut': {
        const { kind, name, ageMs, participant, phase } = event.cut;
        const attributes = { kind, name, age_ms: ageMs };
        this.#open.get(keyOf({ name: participant, phase }))?.addEvent('cut', attributes);
        return;
      }
      case 'forced':
        this.#open
          .get('shutdown')
          ?.setStatus({ code: SpanStatusCode.ERROR, message: `forced by ${event.by}` });
        return;
      case 'resumed':
      case 'finished':
        return this.#endAll();
      case 'joined':
      case 'self-wait':
      case 'self-wait-suspected':
      case 'participant-slow':
      case 'cut-unnamed':
      case 'deadline-passed':
      case 'answer-invalid':
      case 'observer-failed':
        return undefined;
    }
  };

  /** An announcement that becomes a shutdown keeps its span and gets the new reason. */
  #begin({ kind, signal }: ShutdownReason): void {
    if (!this.#open.has('shutdown')) this.#start('shutdown', 'graceful shutdown');
    this.#open.get('shutdown')?.setAttributes({
      'graceful_shutdown.reason': kind,
      ...(signal !== undefined && { 'graceful_shutdown.signal': signal }),
    });
  }

  #start(key: string, name: string, parentKey?: string, attributes: Attributes = {}): void {
    const parent = parentKey === undefined ? undefined : this.#open.get(parentKey);
    // After the end of the trace there is no parent span.
    if (parentKey !== undefined && !parent) return;
    const context = parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    this.#open.set(key, tracerProvider().getTracer('nestjs-drain').startSpan(name, { attributes }, context));
  }

  #settle(event: Settled): void {
    const span = this.#open.get(keyOf(event));
    span?.setAttribute('graceful_shutdown.outcome', event.outcome);
    if (event.outcome === 'failed') {
      span?.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(event.error) });
    } else if (event.outcome === 'abandoned') {
      span?.setStatus({ code: SpanStatusCode.ERROR, message: 'abandoned' });
    }
    this.#end(keyOf(event));
  }

  #end(key: string): void {
    this.#open.get(key)?.end();
    this.#open.delete(key);
  }

  /** Ends all open spans, innermost first. */
  #endAll(): void {
    for (const key of [...this.#open.keys()].toReversed()) this.#end(key);
  }
}

function keyOf({ name, phase }: { readonly name: string; readonly phase: string }): string {
  return `${phase}: ${name}`;
}
