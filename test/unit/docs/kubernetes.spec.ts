import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { parse } from 'yaml';
import { bootNotes } from '../../../src/config/boot-notes.js';
import { MARGIN_MS } from '../../../src/config/budget.js';
import { HEALTH_DEFAULTS } from '../../../src/config/default-options.js';
import { readEnvironment } from '../../../src/config/environment.js';
import { resolveOptions } from '../../../src/config/resolve-options.js';
import { codeBlocks, read, section, tableRows } from './markdown.js';
import type { GracefulShutdownOptions } from '../../../src/config/options.js';
import type { ResolvedOptions } from '../../../src/config/resolved-options.js';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Container {
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
}
interface Deployment {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

function podOf(path: string): PodSpec {
  return (parse(read(path)) as Deployment).spec.template.spec;
}

/** The options as the application in the pod would have them. */
function resolveIn(pod: PodSpec, options: GracefulShutdownOptions): ResolvedOptions {
  const variables = pod.containers[0].env.map(({ name, value }) => [name, value] as const);
  return resolveOptions(
    options,
    readEnvironment({ KUBERNETES_SERVICE_HOST: '10.0.0.1', ...Object.fromEntries(variables) }),
  );
}

/** The numbers that a text gives to `forRoot`. */
function optionsGivenIn(source: string): GracefulShutdownOptions {
  const options: Record<string, number> = {};
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isNumericLiteral(node.initializer)) {
      options[node.name.getText()] = Number(node.initializer.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(
    ts.createSourceFile('options.ts', /forRoot\(.*\)/.exec(source)?.[0] ?? '', ts.ScriptTarget.ESNext, true),
  );
  return options;
}

const withPreStop = optionsGivenIn(read('docs/deployment-with-prestop.yaml'));

describe.each([
  { path: 'docs/deployment.yaml', options: {}, preStopSeconds: undefined },
  {
    path: 'docs/deployment-with-prestop.yaml',
    options: withPreStop,
    preStopSeconds: Number(withPreStop.preStopMs) / 1_000,
  },
])('$path', ({ path, options, preStopSeconds }) => {
  const pod = podOf(path);
  const [container] = pod.containers;
  const resolved = resolveIn(pod, options);

  it("uses the pod's whole grace period but for the margin", () => {
    const { gracePeriodMs, preStopMs } = resolved;
    expect(gracePeriodMs + preStopMs + MARGIN_MS).toBe(pod.terminationGracePeriodSeconds * 1_000);
    expect(resolved.podGracePeriodMs).toBe(pod.terminationGracePeriodSeconds * 1_000);
  });

  it('leaves nothing to assume, so that nothing is noted at boot', () => {
    expect(bootNotes(resolved)).toEqual([]);
  });

  it('sleeps in preStop exactly as long as the options say', () => {
    expect(container.lifecycle?.preStop?.sleep?.seconds).toBe(preStopSeconds);
    expect(container.lifecycle === undefined).toBe(preStopSeconds === undefined);
  });

  it('probes the default routes, on the port that the application listens on', () => {
    const { startupProbe, readinessProbe, livenessProbe, ports, env } = container;
    expect(readinessProbe.httpGet.path).toBe(HEALTH_DEFAULTS.readiness);
    expect(livenessProbe.httpGet.path).toBe(HEALTH_DEFAULTS.liveness);
    expect(startupProbe.httpGet.path).toBe(HEALTH_DEFAULTS.liveness);
    const port = ports.find(({ containerPort }) =>
      env.some(({ name, value }) => name === 'PORT' && value === String(containerPort)),
    );
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe])
      expect(httpGet.port).toBe(port?.name);
  });

  it('announces, by default or as it is set', () => {
    expect(resolved.announceDelayMs).toBeGreaterThan(0);
  });
});

describe('docs/kubernetes.md', () => {
  it('gives forRoot what the manifest with a preStop sleep goes with', () => {
    const given = codeBlocks('docs/kubernetes.md', 'ts')
      .map(({ code }) => optionsGivenIn(code))
      .filter(({ preStopMs }) => preStopMs !== undefined);
    expect(given).toEqual([withPreStop]);
    expect(Object.keys(withPreStop)).toEqual(['preStopMs', 'announceDelayMs']);
  });

  it.each(tableRows(section('docs/kubernetes.md', 'The budget')))(
    'divides a grace period of %s as its table says',
    (pod, ...cells) => {
      const options = resolveOptions(
        {},
        readEnvironment({
          KUBERNETES_SERVICE_HOST: '10.0.0.1',
          TERMINATION_GRACE_PERIOD_SECONDS: pod!.replace(' s', ''),
        }),
      );
      const { gracePeriodMs, announceDelayMs, announceMaxMs, releaseReserveMs } = options;
      expect(cells.map((cell) => Number(cell.replaceAll(' ', '')))).toEqual([
        gracePeriodMs,
        announceDelayMs,
        announceMaxMs,
        releaseReserveMs,
        gracePeriodMs - announceDelayMs - releaseReserveMs,
      ]);
    },
  );
});

describe('the first snippet of docs/kubernetes.md', () => {
  it('is a part of docs/deployment.yaml', () => {
    const [snippet] = codeBlocks('docs/kubernetes.md', 'yaml').map(({ code }) => parse(code) as object);
    expect(snippet).toHaveProperty('containers');
    expect(missing(snippet, podOf('docs/deployment.yaml'))).toEqual([]);
  });
});

/** What `whole` does not have of `part`; lists may have more, in any order. */
function missing(part: unknown, whole: unknown, path = ''): string[] {
  if (Array.isArray(part)) {
    const items: unknown[] = Array.isArray(whole) ? whole : [];
    return part.flatMap((item, index) =>
      items.some((other) => missing(item, other).length === 0) ? [] : [`${path}[${index}]`],
    );
  }
  if (typeof part !== 'object' || part === null) return part === whole ? [] : [path];
  return Object.entries(part).flatMap(([name, value]) =>
    missing(value, (whole as Record<string, unknown> | undefined)?.[name], `${path}.${name}`),
  );
}
