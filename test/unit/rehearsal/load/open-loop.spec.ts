import { describe, expect, it } from '@jest/globals';
import { openLoop } from '../../../../src/rehearsal/load/open-loop.js';

describe('openLoop', () => {
  it('keeps sending at its rates while nothing is answered, and waits for the last answer', async () => {
    const stop = new AbortController();
    const sent = { a: [] as number[], b: [] as number[] };
    const answers: (() => void)[] = [];
    const send = ({ kind, index }: { kind: 'a' | 'b'; index: number }): Promise<void> => {
      sent[kind].push(index);
      if (sent.a.length >= 5 && sent.b.length >= 3) stop.abort();
      return new Promise((resolve) => answers.push(resolve));
    };
    const startedAt = performance.now();
    let over = false;
    const run = openLoop(
      [
        { perSecond: 100, plan: (index) => ({ kind: 'a' as const, index }) },
        { perSecond: 50, plan: (index) => ({ kind: 'b' as const, index }) },
      ],
      send,
      stop.signal,
    ).then(() => (over = true));
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));

    const elapsedMs = performance.now() - startedAt;
    expect(sent.a).toEqual([...sent.a.keys()]);
    expect(sent.b).toEqual([...sent.b.keys()]);
    // Never ahead of its rate; a timer may fire a millisecond early.
    expect((sent.a.length - 1) * 10).toBeLessThanOrEqual(elapsedMs + 1);
    expect((sent.b.length - 1) * 20).toBeLessThanOrEqual(elapsedMs + 1);

    const before = answers.length;
    for (const answer of answers.slice(1)) answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    answers[0]?.();
    await run;
    expect(answers).toHaveLength(before);
  });

  it('sends at once what fell due while the process was busy', async () => {
    const stop = new AbortController();
    let sent = 0;
    const send = (): Promise<void> => {
      sent += 1;
      if (sent === 1) {
        const startedAt = performance.now();
        while (performance.now() - startedAt < 100);
      }
      return Promise.resolve();
    };
    setImmediate(() => stop.abort());
    await openLoop([{ perSecond: 100, plan: (index) => index }], send, stop.signal);
    expect(sent).toBeGreaterThanOrEqual(11);
  });

  it('leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const stop = new AbortController();
    const run = openLoop([{ perSecond: 0.01, plan: () => 0 }], () => Promise.resolve(), stop.signal);
    expect(timers()).toBe(before + 1);
    stop.abort();
    await run;
    expect(timers()).toBe(before);
  });

  it('sends nothing when it is stopped already', async () => {
    let sent = 0;
    await openLoop(
      [{ perSecond: 100, plan: () => 0 }],
      () => Promise.resolve((sent += 1)),
      AbortSignal.abort(),
    );
    expect(sent).toBe(0);
  });
});
