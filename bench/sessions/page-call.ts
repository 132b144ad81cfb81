/** A call of pages that is looked at until it is whole. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallPages } from '../../demo/check/call-pages.ts';
import { countPagePairs, type Objection, type PairCount } from './page-pairs.ts';

const LOOKED_AT_MS = 3_000;
const WHOLE_WITHIN_MS = 20_000;

export interface PageCall {
  browser: CallPages;
  /** Whoever calls, with the link into the call. */
  people: readonly { userId: string; link: string }[];
  signal: AbortSignal;
}

/** All join, and leave again. Gives the first count that misses nobody, or the last one in time. */
export async function countInCall({ browser, people, signal }: PageCall, objection: Objection): Promise<PairCount> {
  const pages = await Promise.all(people.map(({ link }) => browser.join(link)));
  try {
    const deadline = performance.now() + WHOLE_WITHIN_MS;
    for (;;) {
      const before = await Promise.all(pages.map(page => page.read()));
      await delay(LOOKED_AT_MS, undefined, { signal });
      const after = await Promise.all(pages.map(page => page.read()));
      const intervals = people.flatMap(({ userId }, index) => {
        const [earlier, later] = [before[index], after[index]];
        return earlier === undefined || later === undefined ? [] : [{ userId, before: earlier, after: later }];
      });
      const count = countPagePairs(intervals, objection);
      if (count.missing.length === 0 || performance.now() > deadline) return count;
    }
  } finally {
    await Promise.all(pages.map(page => page.close()));
  }
}
