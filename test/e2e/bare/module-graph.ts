import {
  Controller,
  forwardRef,
  Get,
  Global,
  Inject,
  Injectable,
  Module,
  Optional,
  Scope,
  type DynamicModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import fc from 'fast-check';
import { nestMajor } from '../../support/nest-major.js';
import { named } from '../nest/journal.js';
import { HOOKS, type Bench } from './bench.js';
import { describeError, type Situation } from './compare.js';

/** What a provider or controller needs. */
interface DependencyPlan {
  /** Chooses among what is visible. */
  readonly choice: number;
  /** Whether it may also be something that is not visible, or does not exist. */
  readonly isWild: boolean;
  readonly isOptional: boolean;
  readonly isProperty: boolean;
}

interface ProviderPlan {
  readonly kind: 'class' | 'factory' | 'asynchronous factory' | 'value' | 'alias';
  readonly scope: 'singleton' | 'request' | 'transient';
  readonly dependencies: readonly DependencyPlan[];
  readonly hooks: readonly (typeof HOOKS)[number][];
  /** The hook that fails. */
  readonly fails: (typeof HOOKS)[number] | undefined;
  /** Whether it and the provider before it need each other. */
  readonly isMutual: boolean;
}

interface ModulePlan {
  readonly isGlobal: boolean;
  readonly imports: readonly {
    readonly to: number;
    readonly as: 'class' | 'dynamic' | 'promise' | 'reference';
  }[];
  readonly providers: readonly ProviderPlan[];
  readonly exportsAll: boolean;
  readonly controller: readonly DependencyPlan[] | undefined;
  readonly hooks: readonly (typeof HOOKS)[number][];
}

/** Modules that import each other; the first is the root. */
export type GraphPlan = readonly ModulePlan[];

/** In Nest 11, a shutdown hook that fails prevents all that follow; with the module, they are called. */
const FAILING = nestMajor === 12 ? HOOKS : HOOKS.slice(0, 2);

const often = fc.nat(9).map((n) => n > 0);
const rarely = often.map((is) => !is);
const hooks = fc.subarray([...HOOKS]);

const dependency: fc.Arbitrary<DependencyPlan> = fc.record({
  choice: fc.nat(20),
  isWild: rarely,
  isOptional: fc.boolean(),
  isProperty: rarely,
});

const provider: fc.Arbitrary<ProviderPlan> = fc.record({
  kind: fc.constantFrom('class', 'class', 'factory', 'asynchronous factory', 'value', 'alias'),
  scope: fc.constantFrom('singleton', 'singleton', 'singleton', 'request', 'transient'),
  dependencies: fc.array(dependency, { maxLength: 3 }),
  hooks,
  fails: fc.option(fc.constantFrom(...FAILING), { freq: 60, nil: undefined }),
  isMutual: rarely,
});

const moduleOf: fc.Arbitrary<ModulePlan> = fc.record({
  isGlobal: rarely,
  imports: fc.array(
    fc.record({ to: fc.nat(5), as: fc.constantFrom('class', 'class', 'dynamic', 'promise', 'reference') }),
    { maxLength: 3 },
  ),
  providers: fc.array(provider, { maxLength: 4 }),
  exportsAll: often,
  controller: fc.option(fc.array(dependency, { maxLength: 2 }), { nil: undefined }),
  hooks,
});

export const graphPlan: fc.Arbitrary<GraphPlan> = fc.array(moduleOf, { minLength: 1, maxLength: 6 });

type Token = Type | string;

interface Planned {
  readonly token: Token;
  readonly plan: ProviderPlan;
  readonly name: string;
}

/** Builds the classes of a plan, and notes what Nest does with them. */
class Graph {
  readonly #bench: Bench;
  readonly #plan: GraphPlan;
  readonly #modules: readonly Type[];
  readonly #providers: readonly (readonly Planned[])[];

  constructor(bench: Bench, plan: GraphPlan) {
    this.#bench = bench;
    this.#plan = plan;
    this.#modules = plan.map(({ hooks: own }, index) => this.#classOf(`Module${index}`, own));
    this.#providers = plan.map(({ providers }, at) =>
      providers.map((own, index) => {
        const name = `Provider${at}${'abcd'[index]}`;
        const token = own.kind === 'class' ? this.#classOf(name, own.hooks, own.fails) : name;
        return { token, plan: own, name };
      }),
    );
    for (const index of plan.keys()) this.#define(index);
  }

  /** The module that the application imports. */
  get root(): Type {
    return this.#modules[0]!;
  }

  get tokens(): readonly Planned[] {
    return this.#providers.flat();
  }

  get paths(): string[] {
    return this.#plan.flatMap(({ controller }, index) => (controller ? [`/c${index}`] : []));
  }

  #define(index: number): void {
    const { imports, isGlobal, exportsAll, controller } = this.#plan[index]!;
    const own = this.#providers[index]!;
    const targets = imports.flatMap(({ to, as }) => {
      const at = to % this.#modules.length;
      // Nest scans a cycle of dynamic modules for ever.
      const isEndless = at <= index && (as === 'dynamic' || as === 'promise');
      return at === index || isEndless ? [] : [{ target: this.#modules[at]!, as }];
    });
    const visible = this.#visibleFrom(index);
    const module = this.#modules[index]!;
    Module({
      imports: targets.map(({ target, as }) => importAs(target, as)),
      providers: own.map((planned, at) =>
        this.#provide(planned, [...own.slice(0, at), ...visible], own[at - 1]),
      ),
      exports: exportsAll ? own.map(({ token }) => token) : [],
      controllers: controller ? [this.#controller(index, controller, [...own, ...visible])] : [],
    })(module);
    if (isGlobal) Global()(module);
  }

  /** What imported modules export, as far as they come later: Nest waits for itself in cycles. */
  #visibleFrom(index: number): Planned[] {
    return this.#plan[index]!.imports.flatMap(({ to }) => {
      const target = to % this.#plan.length;
      return target > index && this.#plan[target]!.exportsAll ? this.#providers[target]! : [];
    });
  }

  #choose({ choice, isWild }: DependencyPlan, visible: readonly Planned[]): Token | undefined {
    if (isWild)
      return choice % 2 === 0 ? `missing ${choice}` : this.tokens[choice % this.tokens.length]?.token;
    return visible[choice % visible.length]?.token;
  }

  #provide(
    { token, plan, name }: Planned,
    visible: readonly Planned[],
    before: Planned | undefined,
  ): Provider {
    const { note } = this.#bench;
    const scope = SCOPES[plan.scope];
    const needs = plan.dependencies.flatMap((needed) => {
      const chosen = this.#choose(needed, visible);
      // A provider that comes later could need this one.
      const isLater =
        chosen === token || !(visible.some((other) => other.token === chosen) || isMissing(chosen));
      return chosen === undefined || isLater ? [] : [{ ...needed, token: chosen }];
    });
    const make = (...given: unknown[]): object => {
      note(`new ${name}(${given.map(nameOf).join()})`);
      return this.#instance(name, plan);
    };
    switch (plan.kind) {
      case 'class': {
        this.#inject(token as Type, needs);
        if (before && typeof before.token === 'function' && areMutual(plan, before.plan)) {
          inject(
            token as Type,
            'mutual',
            forwardRef(() => before.token),
          );
          inject(
            before.token,
            'mutual',
            forwardRef(() => token as Type),
          );
        }
        Injectable({ scope })(token as Type);
        return token as Type;
      }
      case 'value':
        return { provide: token, useValue: this.#instance(name, plan) };
      case 'alias':
        return visible.length > 0
          ? { provide: token, useExisting: visible[0]!.token }
          : { provide: token, useValue: this.#instance(name, plan) };
      case 'factory':
      case 'asynchronous factory': {
        const isLate = plan.kind !== 'factory';
        return {
          provide: token,
          scope,
          useFactory: isLate ? async (...given: unknown[]) => make(...given) : make,
          inject: needs.map((needed) =>
            needed.isOptional ? { token: needed.token, optional: true } : needed.token,
          ),
        };
      }
    }
  }

  #controller(index: number, needs: readonly DependencyPlan[], visible: readonly Planned[]): Type {
    const controller = this.#classOf(`Controller${index}`, []);
    Object.defineProperty(controller.prototype, 'answer', {
      value(this: { given: unknown[] }) {
        return this.given.map(nameOf).join() || 'nothing';
      },
    });
    this.#inject(
      controller,
      needs.flatMap((needed) => {
        const token = this.#choose(needed, visible);
        return token === undefined ? [] : [{ ...needed, token }];
      }),
    );
    Get()(
      controller.prototype as object,
      'answer',
      Object.getOwnPropertyDescriptor(controller.prototype, 'answer')!,
    );
    Controller(`c${index}`)(controller);
    return controller;
  }

  #inject(target: Type, needs: readonly (DependencyPlan & { token: Token })[]): void {
    const parameters = needs.filter(({ isProperty }) => !isProperty);
    Reflect.defineMetadata('design:paramtypes', Array(parameters.length).fill(Object), target);
    for (const [at, { token, isOptional }] of parameters.entries()) {
      Inject(token)(target, undefined, at);
      if (isOptional) Optional()(target, undefined, at);
    }
    for (const [at, { token, isOptional }] of needs.filter(({ isProperty }) => isProperty).entries()) {
      inject(target, `property${at}`, token);
      if (isOptional) Optional()(target.prototype as object, `property${at}`);
    }
  }

  #classOf(name: string, own: readonly (typeof HOOKS)[number][], fails?: (typeof HOOKS)[number]): Type {
    const { note } = this.#bench;
    class Planned {
      readonly given: unknown[];
      constructor(...given: unknown[]) {
        note(`new ${name}(${given.map(nameOf).join()})`);
        this.given = given;
      }
    }
    Object.assign(Planned.prototype, this.#hooks(name, own, fails));
    return named(Planned, name);
  }

  #instance(name: string, plan: ProviderPlan): object {
    return Object.assign(new (named(class {}, name))(), this.#hooks(name, plan.hooks, plan.fails));
  }

  #hooks(name: string, own: readonly string[], fails: string | undefined): object {
    const { note } = this.#bench;
    return Object.fromEntries(
      own.map((hook) => [
        hook,
        async () => {
          note(`${name}.${hook}`);
          if (hook === fails) throw new Error(`${name}.${hook} failed`);
        },
      ]),
    );
  }
}

const SCOPES = { singleton: Scope.DEFAULT, request: Scope.REQUEST, transient: Scope.TRANSIENT };

function importAs(target: Type, as: string): Type | DynamicModule | Promise<DynamicModule> {
  const dynamic = { module: target, providers: [{ provide: 'dynamic', useValue: as }] };
  if (as === 'dynamic') return dynamic;
  if (as === 'promise') return Promise.resolve(dynamic);
  return as === 'reference' ? (forwardRef(() => target) as never) : target;
}

function inject(target: Type, property: string, token: Parameters<typeof Inject>[0]): void {
  Inject(token)(target.prototype as object, property);
}

/** Nest makes transient providers that need each other for ever. */
function areMutual({ isMutual, scope }: ProviderPlan, before: ProviderPlan): boolean {
  return isMutual && scope === before.scope && scope !== 'transient';
}

function isMissing(token: Token | undefined): boolean {
  return typeof token === 'string' && token.startsWith('missing');
}

function nameOf(value: unknown): string {
  return value === undefined ? '-' : (value as object).constructor.name;
}

/** Boots the graph, asks it for everything, and closes it. */
export const situationOf =
  (plan: GraphPlan): Situation =>
  async (bench) => {
    const graph = new Graph(bench, plan);
    const app = await bench.create({ imports: [graph.root] });
    const ask = await bench.serve(app);
    const answers: unknown[] = [];
    for (const path of graph.paths) answers.push(await ask(path));
    // Resolving one by hand changes the order in which Nest 12 calls the hooks of transient providers.
    const resolvable = graph.tokens.filter(({ plan: { scope } }) => scope !== 'transient');
    const found = await Promise.all(
      resolvable.map(async ({ token }) => {
        try {
          return nameOf(await app.resolve(token, undefined, { strict: false }));
        } catch (error) {
          return describeError(error);
        }
      }),
    );
    await app.close();
    return { answers, found };
  };
