import { ExpressAdapter } from '@nestjs/platform-express';

/** As somebody would write one for another framework. */
export class OtherAdapter extends ExpressAdapter {
  override getType(): string {
    return 'other';
  }
}

/** An Express whose router keeps its layers elsewhere. */
export function withoutStack(): ExpressAdapter {
  const adapter = new ExpressAdapter();
  const express = adapter.getInstance<{ router: object }>();
  const get = (target: object, key: PropertyKey): unknown => {
    const value = key === 'stack' ? undefined : (Reflect.get(target, key) as unknown);
    return typeof value === 'function' ? (value.bind(target) as unknown) : value;
  };
  Object.defineProperty(express, 'router', { value: new Proxy(express.router, { get }) });
  return adapter;
}
