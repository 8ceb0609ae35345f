import { afterEach, beforeEach, expect } from '@jest/globals';
import { EventEmitter } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { NestApplication, NestApplicationContext } from '@nestjs/core';

/** What an application could leave changed behind it, under names for people. */
const SHARED_OBJECTS: Readonly<Record<string, object>> = {
  process,
  'EventEmitter.prototype': EventEmitter.prototype,
  http,
  'http.IncomingMessage.prototype': http.IncomingMessage.prototype,
  'http.OutgoingMessage.prototype': http.OutgoingMessage.prototype,
  'http.Server.prototype': http.Server.prototype,
  'http.ServerResponse.prototype': http.ServerResponse.prototype,
  http2,
  https,
  'https.Server.prototype': https.Server.prototype,
  net,
  'net.Server.prototype': net.Server.prototype,
  'net.Socket.prototype': net.Socket.prototype,
  'NestApplication.prototype': NestApplication.prototype,
  'NestApplicationContext.prototype': NestApplicationContext.prototype,
};

/** Closing takes some turns of the event loop; what is still there after this long stays. */
const SETTLING_MS = 2_000;
const LOOK_AGAIN_MS = 1;

interface Snapshot {
  readonly listeners: ReadonlyMap<string | symbol, readonly unknown[]>;
  readonly resources: readonly string[];
  readonly members: ReadonlyMap<string, ReadonlyMap<PropertyKey, unknown>>;
}

function takeSnapshot(): Snapshot {
  return {
    listeners: new Map(process.eventNames().map((name) => [name, process.rawListeners(name as 'exit')])),
    resources: process.getActiveResourcesInfo(),
    members: new Map(Object.entries(SHARED_OBJECTS).map(([name, object]) => [name, methodsOf(object)])),
  };
}

function methodsOf(object: object): ReadonlyMap<PropertyKey, unknown> {
  const descriptors = Object.getOwnPropertyDescriptors(object) as Record<
    PropertyKey,
    { readonly get?: unknown; readonly value?: unknown }
  >;
  return new Map(
    Reflect.ownKeys(descriptors)
      .map((key) => [key, descriptors[key]?.get ?? descriptors[key]?.value] as const)
      .filter(([, value]) => typeof value === 'function'),
  );
}

/** What is in `after` and not in `before`, counted. */
function surplus(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  const unmatched = [...before];
  return after.filter((item) => {
    const index = unmatched.indexOf(item);
    if (index >= 0) unmatched.splice(index, 1);
    return index < 0;
  });
}

function differences(before: Snapshot, after: Snapshot): string[] {
  const found: string[] = [];
  for (const name of new Set([...before.listeners.keys(), ...after.listeners.keys()])) {
    const [old, now] = [before.listeners.get(name) ?? [], after.listeners.get(name) ?? []];
    for (const listener of surplus(old, now))
      found.push(`listener for ${String(name)} added: ${String(listener)}`);
    for (const listener of surplus(now, old))
      found.push(`listener for ${String(name)} removed: ${String(listener)}`);
  }
  for (const [owner, now] of after.members) {
    const old = before.members.get(owner) ?? new Map<PropertyKey, unknown>();
    for (const key of new Set([...old.keys(), ...now.keys()])) {
      if (old.get(key) !== now.get(key)) found.push(`${owner}.${String(key)} changed`);
    }
  }
  for (const resource of surplus(before.resources, after.resources))
    found.push(`still active: ${String(resource)}`);
  return found;
}

let snapshot = takeSnapshot();

/** Remembers what there is now, to be compared with by {@link expectNothingLeftBehind}. */
export function rememberWhatIsThere(): void {
  snapshot = takeSnapshot();
}

/**
 * Fails when, since the last snapshot (or since this file was imported), a listener on `process`, something that keeps
 * the process alive, or a changed method of a shared object has come and not gone.
 */
export async function expectNothingLeftBehind(settlingMs = SETTLING_MS): Promise<void> {
  const settledBy = performance.now() + settlingMs;
  let left = differences(snapshot, takeSnapshot());
  while (left.length > 0 && performance.now() < settledBy) {
    await delay(LOOK_AGAIN_MS);
    left = differences(snapshot, takeSnapshot());
  }
  expect(left).toEqual([]);
}

/** Checks every test of the file; call it after the file's own `afterEach`, since hooks run in order. */
export function guardAgainstLeaks(): void {
  beforeEach(rememberWhatIsThere);
  afterEach(() => expectNothingLeftBehind());
}
