/** Maximum length of a line, in UTF-16 code units; longer text takes seconds to log, and nobody reads it. */
const LINE_CHARACTERS = 4_000;

/** Control characters, line separators and direction marks: they break a line, or change what a terminal shows. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Returns text from outside as one line: bounded, with everything escaped that could break the line. */
export function oneLine(text: string): string {
  return bounded(text, LINE_CHARACTERS).replace(
    UNSAFE,
    (character) => SHORT[character] ?? escapeOf(character),
  );
}

/** Returns text of several lines, such as a stack: every line after the first is indented, so that none looks like a new entry. */
export function indentedLines(text: string): string {
  return bounded(text, LINE_CHARACTERS)
    .split('\n')
    .map((line, index) => (index === 0 || /^ {4}/.test(line) ? line : `    ${line}`))
    .map(oneLine)
    .join('\n');
}

/** Shortens text to `most` UTF-16 code units, and says so. */
export function bounded(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;
}

/** Escapes in JSON what JSON.stringify() leaves as it is and breaks a line. */
export function escapedInJson(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029]/g, unicodeEscapeOf);
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscapeOf(character);
}

function unicodeEscapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
