import { describe, expect, it } from '@jest/globals';
import { messagesOfSource } from './log-messages.js';
import { codeBlocks, guides } from './markdown.js';

/** The lines of all `log` blocks, without level and context, or the dots for what they follow. */
const quoted = guides().flatMap((path) =>
  codeBlocks(path, 'log').flatMap(({ line, code }) =>
    code.split('\n').map((text, index) => ({
      title: `${path}:${line + index + 1}`,
      text: text.replace(/^(?:(?:LOG|WARN|ERROR|DEBUG) \[GracefulShutdown\]|…) /, ''),
    })),
  ),
);

describe('a log line that the guides quote', () => {
  const messages = messagesOfSource();

  it.each(quoted)('is one that the source can print: $title', ({ text }) => {
    const sources = messages.filter(({ pattern }) => pattern.test(text)).map(({ where }) => where);
    expect({ text, sources }).not.toEqual({ text, sources: [] });
  });
});
