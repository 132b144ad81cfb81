import type { RuleName } from './rules.ts';

/** What a key's schema says beside its type. */
export interface KeyNotes {
  /** What it means, in a sentence or two. */
  description: string;
  /** Unit of the number; none where it is a count. */
  unit?: string;
  /** Used when the key is absent. */
  default?: unknown;
  /** What happens when the key is absent and has no fixed default. */
  otherwise?: string;
  /** Value in the sample of a key without default. */
  example?: unknown;
  /** What its text must look like. */
  rule?: RuleName;
}

/** The notes as they are; a schema's options alone would let a misspelt note through. */
export function notes<N extends KeyNotes>(of: N): N {
  return of;
}

/** Bounds of a port, where 0 means any free one. */
export const Port = { minimum: 0, maximum: 65_535 };
