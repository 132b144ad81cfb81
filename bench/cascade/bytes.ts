/** What crosses the trunk for one viewer, for many of one size, for many of two sizes, and for nobody. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MatrixDevice } from '../../loadtest/peers/call-place.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import type { FrameSize } from '../../loadtest/media/recordings.ts';
import type { NativeEndpoint } from '../../loadtest/native-peer/native-endpoint.ts';
import { NativeStack } from '../../loadtest/native-peer/native-stack.ts';
import { inTurns } from '../scale/load/crowd.ts';
import { type BytesFigures, CROWDS, THUMBNAILS } from './bytes-figures.ts';
import { CascadePlace, type Parts } from './place.ts';
import { bytesIn } from './trunk-metrics.ts';

/** px: of the highest layer of the recorded camera, and of the lowest. */
const FULL: FrameSize = { width: 640, height: 360 };
const THUMBNAIL: FrameSize = { width: 160, height: 90 };
const SHOWN_WITHIN_MS = 60_000;
const POLL_MS = 500;
/** Keyframes that newcomers asked for have crossed. */
const SETTLES_MS = 5_000;
/** Layers that the first viewer was shown on its way up are gone: they linger for 15 s. */
const RISEN_MS = 15_000;
/** The recording runs for 30 s: any such time has all of its pictures once. */
const MEASURED_MS = 30_000;
/** After the last viewer left. */
const IDLE_AFTER_MS = 30_000;
/** Three looks of the focus. */
const IDLE_FOR_MS = 15_000;

/** A viewer behind the trunk, whose media costs little. */
class CrowdViewer {
  readonly peer: LightPeer;
  #endpoint: NativeEndpoint | undefined;
  /** Width of the picture that it got last, px. */
  #width: number | undefined;

  constructor(place: CascadePlace, device: MatrixDevice, stack: NativeStack) {
    this.peer = place.viewer('far', device, {
      subscribe: FULL,
      endpoint: events => (this.#endpoint = stack.endpoint(events)),
    });
  }

  /** As of the latest refresh of its stack. */
  look(): number | undefined {
    const video = this.#endpoint?.report().tracks.find(({ kind }) => kind === 'video');
    if (video !== undefined && video.frames > 0) this.#width = video.size?.width;
    return this.#width;
  }
}

export async function measureBytes(parts: Parts): Promise<BytesFigures> {
  const { progress, signal } = parts;
  await using owned = new AsyncDisposableStack();
  const place = owned.use(await CascadePlace.start(parts, { near: ['alice'], far: ['bob'] }));
  const stack = owned.adopt(await NativeStack.start(parts.loadPeer, { media: 'recorded' }), it => it.close());
  const endpoint: NonNullable<Parameters<CascadePlace['member']>[2]['endpoint']> = events => stack.endpoint(events);
  const publisher = place.member('near', 0, { subscribe: 'nothing', obeysLayersWanted: true, endpoint });
  // The room puts it on the other focus, so there is a trunk, whoever watches.
  const host = place.member('far', 0, { viewsOnly: true, subscribe: 'nothing', endpoint });
  for (const peer of [publisher, host]) {
    owned.defer(() => peer.leave());
    await peer.join();
  }
  const viewers: CrowdViewer[] = [];
  owned.defer(() => leaveAll(viewers));
  const devices = await place.devices('far', Math.max(...CROWDS));

  const untilShown = async (widths: readonly number[]): Promise<number> => {
    const deadline = performance.now() + SHOWN_WITHIN_MS;
    for (;;) {
      await stack.refresh();
      const right = viewers.filter((viewer, index) => viewer.look() === widths[index]).length;
      if (right === viewers.length || performance.now() > deadline) return right;
      await delay(POLL_MS, undefined, { signal });
    }
  };
  const growTo = async (count: number): Promise<void> => {
    const more = devices.slice(viewers.length, count).map(device => new CrowdViewer(place, device, stack));
    viewers.push(...more);
    await inTurns(
      more,
      async ({ peer }) => {
        await peer.join();
      },
      signal,
    );
    const shown = await untilShown(viewers.map(() => FULL.width));
    const widths = [...new Set(viewers.map(viewer => viewer.look() ?? 0))].join(', ');
    if (shown < count) throw new Error(`${shown} of ${count} viewers get the picture in full; widths are ${widths} px`);
  };
  const bytesNow = async (what: string): Promise<number> => {
    await delay(SETTLES_MS, undefined, { signal });
    const bytes = await bytesIn(MEASURED_MS, () => place.trunk(), signal);
    const { streams } = await place.trunk();
    progress.tell(`${what}: ${Math.round((bytes * 8) / MEASURED_MS)} kbit/s in ${streams} streams`);
    return bytes;
  };

  await growTo(1);
  await delay(RISEN_MS, undefined, { signal });
  const one = await bytesNow('1 viewer');
  const crowds: Partial<BytesFigures['crowds']> = {};
  for (const count of CROWDS) {
    await growTo(count);
    crowds[count] = await bytesNow(`${count} viewers of one size`);
  }

  for (const { peer } of viewers.slice(0, THUMBNAILS)) peer.subscribeTo(THUMBNAIL);
  const widths = viewers.map((_, index) => (index < THUMBNAILS ? THUMBNAIL : FULL).width);
  await untilShown(widths);
  const twoSizes = await bytesNow(`${THUMBNAILS} thumbnails and ${viewers.length - THUMBNAILS} in full`);
  await stack.refresh();
  const thumbnailsInLowLayer = viewers.slice(0, THUMBNAILS).filter(viewer => viewer.look() === THUMBNAIL.width).length;

  await leaveAll(viewers.splice(0, THUMBNAILS - 1));
  const twoLayers = await bytesNow('1 thumbnail and 1 in full');

  await leaveAll(viewers.splice(0));
  await delay(IDLE_AFTER_MS, undefined, { signal });
  const before = await place.trunk();
  await delay(IDLE_FOR_MS, undefined, { signal });
  const after = await place.trunk();
  if (after.open !== 1) throw new Error('the trunk did not stay open while nobody wanted anything');
  const idle = after.sentBytes - before.sentBytes;
  progress.tell(`nobody: ${idle} bytes in ${IDLE_FOR_MS / 1_000} s, ${after.streams} of ${after.tracks} tracks flow`);
  place.checkAlive();
  return {
    one,
    crowds: { 10: crowds[10] ?? 0, 50: crowds[50] ?? 0 },
    twoLayers,
    twoSizes,
    thumbnailsInLowLayer,
    idle,
    idleStreams: after.streams,
  };
}

/** Not interrupted: all have to go. */
function leaveAll(viewers: readonly CrowdViewer[]): Promise<void> {
  return inTurns(viewers, ({ peer }) => peer.leave(), new AbortController().signal);
}
