/** Somebody leaves a call: when the others send with keys that it does not have, and what is seen of that. */
import { type Call, pause, until } from '../../../demo/check/call.ts';
import type { Participant } from '../../../demo/check/participant.ts';
import { now } from '../../sessions/gaps.ts';
import type { EncryptionWatch } from '../encryption-watch.ts';
import { senderOf } from '../page-encryption.ts';
import { type Freezes, pictureGap, type PictureGap } from '../picture-gap.ts';

/** Frames are noted from so long before the leave … */
const BEFORE_MS = 2_000;
/** … until so long after the last new key is in use. */
const AFTER_MS = 2_000;
const REKEYED_WITHIN_MS = 10_000;
/** Pages tell when each frame was received, and have more time for the call when they are not asked. */
const ASKED_EVERY_MS = 500;

export interface Leave {
  /** ms since 1970. */
  leftAt: number;
  /** When the last of the others was first received with a new key; `undefined` where that did not come in time. */
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
  const generations = new Map(others.map(page => [page, watch.witnesses.latestGeneration(senderOf(page))]));
  const calm = await longestGapAmong(others, undefined, now() - BEFORE_MS, now());
  const before = await freezesAt(others);

  const leftAt = now();
  await leaver.page.evaluate(() => {
    window.weir.leave();
  });
  participants.splice(participants.indexOf(leaver), 1);
  const rekeyed = (page: Participant): number | undefined =>
    watch.witnesses.receivedLaterThan(generations.get(page) ?? 0, senderOf(page));
  const rekeyedAt = await until(
    call,
    REKEYED_WITHIN_MS,
    async () => {
      await watch.ask();
      const times = others.map(rekeyed);
      return times.every(at => at !== undefined) ? Math.max(...times) : undefined;
    },
    ASKED_EVERY_MS,
  );
  if (rekeyedAt === undefined) {
    const names = others.filter(page => rekeyed(page) === undefined).map(({ name }) => name);
    call.fail(`nobody received a new key of ${names.join(', ')} within ${REKEYED_WITHIN_MS / 1_000} s`);
  }
  const endsAt = (rekeyedAt ?? now()) + AFTER_MS;
  await pause(call, Math.max(0, endsAt - now()));
  const after = await freezesAt(others);
  await pause(call, AFTER_MS);
  const gap = await longestGapAmong(others, { before, after }, leftAt, endsAt);
  await Promise.all(others.map(page => page.watch(false)));
  const since = (at: number): number => Math.round(at - leftAt);
  if (rekeyedAt !== undefined) progress.tell(`new keys are in use after ${since(rekeyedAt)} ms`);
  if (gap !== undefined)
    progress.tell(
      `the longest gap is ${Math.round(gap.ms)} ms, of ${gap.whose}, from ${since(gap.from)} ms on; just before it was ${Math.round(calm?.ms ?? 0)} ms`,
    );
  return { leftAt, rekeyedAt, gapMs: gap?.ms };
}

interface Gap extends PictureGap {
  /** For people. */
  whose: string;
}

/** By who watches, then by stream. */
type FreezesOf = ReadonlyMap<Participant, ReadonlyMap<string, Freezes>>;

async function freezesAt(pages: readonly Participant[]): Promise<FreezesOf> {
  const ofPage = async (page: Participant) => {
    const { video } = await page.snapshot();
    return [page, new Map(video.map(({ streamId, freezes, frozenMs }) => [streamId, { freezes, frozenMs }]))] as const;
  };
  return new Map(await Promise.all(pages.map(ofPage)));
}

/** Of pictures of these at each other; `undefined` where there are none. */
async function longestGapAmong(
  pages: readonly Participant[],
  frozen: { readonly before: FreezesOf; readonly after: FreezesOf } | undefined,
  from: number,
  to: number,
): Promise<Gap | undefined> {
  let longest: Gap | undefined;
  const published = await Promise.all(
    pages.map(async page => ({ page, streams: (await page.snapshot()).publishedStreams })),
  );
  for (const viewer of pages) {
    // Far enough back for the frame before the window.
    const shown = await viewer.framesSince(from - BEFORE_MS);
    for (const { page, streams } of published) {
      if (page === viewer) continue;
      const { streamId, frames } = shown.find(each => streams.includes(each.streamId)) ?? { frames: [] };
      if (streamId === undefined || frames.length === 0) return undefined;
      const before = frozen?.before.get(viewer)?.get(streamId);
      const after = frozen?.after.get(viewer)?.get(streamId);
      const freezes = before === undefined || after === undefined ? undefined : { before, after };
      const gap = pictureGap(frames, freezes, from, to);
      if (gap.ms > (longest?.ms ?? 0)) longest = { ...gap, whose: `${page.name} at ${viewer.name}` };
    }
  }
  return longest;
}
