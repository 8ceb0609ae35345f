import type { Probe } from '../../../src/util/probe.js';
import type { Feature } from './feature.js';
import type { Restore } from '../../support/removal.js';

/** One probe, how to take away what it looks for, and what a program that uses that comes to. */
export interface ProbeCase {
  readonly probe: Probe;
  /** Takes it away; without it, the feature itself is made without it. */
  remove?(this: void): Restore | Promise<Restore>;
  /** Brings about what it matters for. */
  prepare?(this: void): Restore;
  /** Something that uses it. */
  readonly feature: Feature;
  /** The participant that fails in `drain`, because work could be lost unseen; without it, only a comfort is lost. */
  readonly failing?: string;
  /** The majors of Nest that have it; default: both. */
  readonly nest?: 11 | 12;
}
