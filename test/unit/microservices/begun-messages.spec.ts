import { expect, it } from '@jest/globals';
import { RunningMessages } from '../../../src/microservices/running-messages.js';

it('something that was begun and cut ends only once', () => {
  const messages = new RunningMessages({
    startedAt: () => undefined,
    isExpecting: () => false,
    onEnded: () => {},
    refusal: () => undefined,
    streamLimitMs: () => Infinity,
  });
  const traits = { name: 'note', isEvent: true };
  const end = messages.begin(traits, {});
  const [message] = messages.all();
  for (const name of ['second', 'third']) messages.begin({ ...traits, name }, {});

  messages.drop(message!);
  end();
  expect(messages.all().map((left) => left.traits.name)).toEqual(['third', 'second']);
});
