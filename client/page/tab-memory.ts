/** How the person in this tab likes to see and hear calls: over reloads, and whoever is signed in. */
import type { Arrangement } from './stage-choice.ts';

const KEY = 'weir.likes';

export interface TabMemory {
  arrangement: Arrangement;
  /** Device id of the loudspeaker; `''` is the system's choice. */
  loudspeaker: string;
}

const USUAL: TabMemory = { arrangement: 'gallery', loudspeaker: '' };

/** Whatever stands there: another version of this page may have written it. */
export function parseTabMemory(text: string | null): TabMemory {
  try {
    const said: unknown = JSON.parse(text ?? '');
    if (typeof said !== 'object' || said === null) return USUAL;
    const arrangement = 'arrangement' in said && said.arrangement === 'speaker' ? 'speaker' : USUAL.arrangement;
    const loudspeaker = 'loudspeaker' in said && typeof said.loudspeaker === 'string' ? said.loudspeaker : '';
    return { arrangement, loudspeaker };
  } catch {
    return USUAL;
  }
}

export function recall(): TabMemory {
  try {
    return parseTabMemory(sessionStorage.getItem(KEY));
  } catch {
    // Storage is forbidden.
    return USUAL;
  }
}

export function remember(change: Partial<TabMemory>): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...recall(), ...change }));
  } catch {
    // The tab works without.
  }
}
