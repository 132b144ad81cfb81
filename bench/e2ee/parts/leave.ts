/** Somebody leaves a call: when the others send with keys that it does not have, and what is seen of that. */
import { type Call, pause, until } from '../../../demo/check/call.ts';
import type { Participant } from '../../../demo/check/participant.ts';
import { longestGap } from '../../../demo/check/statistics.ts';
import { now } from '../../sessions/gaps.ts';
import type { EncryptionWatch } from '../encryption-watch.ts';
import { senderOf } from '../page-encryption.ts';

/** Frames are noted from so long before the leave … */
const BEFORE_MS = 2_000;
/** … until so long after the last new key is in use. */
const AFTER_MS = 2_000;
const REKEYED_WITHIN_MS = 10_000;
const ASKED_EVERY_MS = 30;

export interface Leave {
  /** ms since 1970. */
  leftAt: number;
  /** When the last of the others was known to be received with a new key; `undefined` where that did not come in time. */
  rekeyedAt: number | undefined;
  /** Longest time without a picture, ms, of any who stay at any other, until `AFTER_MS` after that; `undefined` where there is none. */
  gapMs: number | undefined;
}

export async function leave(call: Call, watch: EncryptionWatch, leaver: Participant): Promise<Leave> {
  const { participants, progress } = call;
  const others = participants.filter(page => page !== leaver);
  await Promise.all(others.map(page => page.watch(true)));
  await pause(call, BEFORE_MS);
  await watch.ask();
  const before = new Map(others.map(page => [page, watch.witnesses.generationReceived(senderOf(page))]));
  const calm = await longestGapAmong(others, now() - BEFORE_MS, now());

  const leftAt = now();
  await leaver.page.evaluate(() => {
    window.weir.leave();
  });
  participants.splice(participants.indexOf(leaver), 1);
  const hasNewKey = (page: Participant): boolean => {
    const [earlier, later] = [before.get(page), watch.witnesses.generationReceived(senderOf(page))];
    return earlier !== undefined && later !== undefined && later > earlier;
  };
  const rekeyedAt = await until(
    call,
    REKEYED_WITHIN_MS,
    async () => {
      await watch.ask();
      return others.every(hasNewKey) ? now() : undefined;
    },
    ASKED_EVERY_MS,
  );
  if (rekeyedAt === undefined) {
    const names = others.filter(page => !hasNewKey(page)).map(({ name }) => name);
    call.fail(`nobody received a new key of ${names.join(', ')} within ${REKEYED_WITHIN_MS / 1_000} s`);
  }
  await pause(call, 2 * AFTER_MS);
  const gap = await longestGapAmong(others, leftAt, (rekeyedAt ?? now() - 2 * AFTER_MS) + AFTER_MS);
  await Promise.all(others.map(page => page.watch(false)));
  const since = (at: number): number => Math.round(at - leftAt);
  if (rekeyedAt !== undefined) progress.tell(`new keys are in use after ${since(rekeyedAt)} ms`);
  if (gap !== undefined)
    progress.tell(
      `the longest gap is ${Math.round(gap.ms)} ms, of ${gap.whose}, from ${since(gap.from)} ms on; just before it was ${Math.round(calm?.ms ?? 0)} ms`,
    );
  return { leftAt, rekeyedAt, gapMs: gap?.ms };
}

interface Gap {
  ms: number;
  /** When it began, ms since 1970. */
  from: number;
  /** For people. */
  whose: string;
}

/** Of pictures of these at each other; `undefined` where there are none. */
async function longestGapAmong(pages: readonly Participant[], from: number, to: number): Promise<Gap | undefined> {
  let longest: Gap | undefined;
  const published = await Promise.all(
    pages.map(async page => ({ page, streams: (await page.snapshot()).publishedStreams })),
  );
  for (const viewer of pages) {
    // Far enough back for the frame before the window.
    const shown = await viewer.framesSince(from - BEFORE_MS);
    for (const { page, streams } of published) {
      if (page === viewer) continue;
      const frames = shown.find(({ streamId }) => streams.includes(streamId))?.frames ?? [];
      if (frames.length === 0) return undefined;
      const times = frames.map(({ presentedAt }) => presentedAt).toSorted((one, other) => one - other);
      const ms = longestGap(times, from, to);
      const began = times.find((at, index) => (times[index + 1] ?? to) - at === ms) ?? from;
      if (ms > (longest?.ms ?? 0)) longest = { ms, from: began, whose: `${page.name} at ${viewer.name}` };
    }
  }
  return longest;
}
