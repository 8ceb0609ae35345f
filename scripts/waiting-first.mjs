import Sequencer from '@jest/test-sequencer';

/**
 * In what order spec files are run: first those that mostly wait, for servers and processes; meanwhile others use the
 * processors. The last to run are short, so that no worker is left alone with a long one.
 */
const ORDER = [/\/test\/services\//, /\/test\/(process|faults|examples|package)\//, /\/e2e\/bare\//, /./];

/** The order of Jest, which knows how long each took the last time or how large it is, within that of this list. */
export default class WaitingFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => ORDER.findIndex((pattern) => pattern.test(path));
    return super.sort(tests).toSorted((one, other) => place(one) - place(other));
  }
}
