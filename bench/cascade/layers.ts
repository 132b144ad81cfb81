/** How fast a viewer behind the trunk gets another layer, and what those see who stay when one goes. */
import { setTimeout as delay } from 'node:timers/promises';
import { longestGap } from '../../demo/check/statistics.ts';
import type { FrameSize } from '../../loadtest/media/recordings.ts';
import { NativeStack } from '../../loadtest/native-peer/native-stack.ts';
import type { TrackIds } from '../../loadtest/peers/endpoint.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import type { LayerFigures } from './layer-figures.ts';
import { CascadePlace, type Parts } from './place.ts';
import { WatchedVideo } from './watched-video.ts';

/** px: of the highest layer of the recorded camera, and of the lowest. */
const FULL: FrameSize = { width: 640, height: 360 };
const THUMBNAIL: FrameSize = { width: 160, height: 90 };
const REPEATS = {
  whole: { warm: 20, cold: 5, withdrawn: 4, left: 2 },
  quick: { warm: 8, cold: 3, withdrawn: 2, left: 1 },
};
const JOINS_WITHIN_MS = 30_000;
const SHOWN_WITHIN_MS = 20_000;
const SWITCHES_WITHIN_MS = 10_000;
/** A view shows one layer for so long before it is switched, or loses it. */
const STEADY_MS = 1_500;
/** The next layer goes 15 s after its last viewer, and the focus looks every 5 s. */
const GONE_WITHIN_MS = 40_000;
const POLL_MS = 250;
/** Gaps are looked for from so long before what may cause one … */
const BEFORE_MS = 300;
/** … until so long after its effect. */
const AFTER_MS = 2_000;

interface Watcher {
  peer: LightPeer;
  video: WatchedVideo;
}

/** A camera on the near side, and two who watch it on the far side: one who changes its mind, and one who stays with the thumbnail. */
interface Stage {
  parts: Parts;
  place: CascadePlace;
  stack: NativeStack;
  publisher: LightPeer;
  camera: TrackIds;
  mover: Watcher;
  stayer: Watcher;
}

export async function measureLayers(parts: Parts): Promise<LayerFigures> {
  await using owned = new AsyncDisposableStack();
  const stage = await openStage(parts, owned);
  const repeats = REPEATS[parts.quick ? 'quick' : 'whole'];
  const figures: LayerFigures = { warm: [], cold: [], removals: [] };
  // What one does not get to see takes nothing of the others with it.
  const play = async (what: string, measure: () => Promise<number[]>): Promise<number[]> => {
    try {
      return await measure();
    } catch (error) {
      parts.signal.throwIfAborted();
      parts.fail(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  };
  figures.warm.push(...(await play('warm switches', () => switchWarm(stage, repeats.warm))));
  figures.cold.push(...(await play('cold adds', () => addCold(stage, repeats.cold))));
  figures.removals.push(
    ...(await play('a withdrawn layer', () => withdraw(stage, repeats.withdrawn))),
    ...(await play('the last viewer of a layer', () => lastOneLeaves(stage, repeats.left))),
  );
  stage.place.checkAlive();
  return figures;
}

async function openStage(parts: Parts, owned: AsyncDisposableStack): Promise<Stage> {
  const place = owned.use(await CascadePlace.start(parts, { near: ['alice'], far: ['bob'] }));
  const stack = owned.adopt(await NativeStack.start(parts.loadPeer, { media: 'recorded' }), it => it.close());
  const publisher = place.member('near', 0, {
    subscribe: 'nothing',
    obeysLayersWanted: true,
    endpoint: events => stack.endpoint(events),
  });
  const [, camera] = publisher.tracks();
  const [device] = await place.devices('far', 1);
  if (camera === undefined || device === undefined) throw new RangeError('a camera and a device are needed');
  const [moving, staying] = [new WatchedVideo(camera), new WatchedVideo(camera)];
  const mover = {
    video: moving,
    peer: place.member('far', 0, {
      viewsOnly: true,
      subscribe: 'nothing',
      endpoint: events => moving.endpoint(events),
    }),
  };
  const stayer = {
    video: staying,
    peer: place.viewer('far', device, { subscribe: 'nothing', endpoint: events => staying.endpoint(events) }),
  };
  for (const peer of [publisher, mover.peer, stayer.peer]) {
    owned.defer(() => peer.leave());
    await peer.join();
  }
  await until('both see the camera announced', JOINS_WITHIN_MS, () =>
    [mover, stayer].every(({ peer }) => peer.hasControl() && peer.sees(publisher)),
  );
  const stage = { parts, place, stack, publisher, camera, mover, stayer };
  await show(stage, stayer, THUMBNAIL);
  await show(stage, mover, THUMBNAIL);
  return stage;
}

/** To a layer that crosses for somebody else all the time. */
async function switchWarm(stage: Stage, count: number): Promise<number[]> {
  const { parts, place, stack, mover } = stage;
  const [device] = await place.devices('far', 1);
  if (device === undefined) throw new RangeError('a device is needed');
  const keeper = place.viewer('far', device, { subscribe: FULL, endpoint: events => stack.endpoint(events) });
  await keeper.join();
  try {
    // The first time it is not there yet.
    await show(stage, mover, FULL);
    const took: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      await delay(STEADY_MS, undefined, { signal: parts.signal });
      took.push(...(await switchTo(stage, turn % 2 === 0 ? THUMBNAIL : FULL)));
    }
    parts.progress.tell(`to a layer that crosses: ${took.map(Math.round).join(', ')} ms`);
    return took;
  } finally {
    await keeper.leave();
  }
}

/** To a layer that nobody wants on either side, so that the publisher does not send it. */
async function addCold(stage: Stage, count: number): Promise<number[]> {
  const { parts, mover } = stage;
  const took: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    await show(stage, mover, THUMBNAIL);
    await untilLowAlone(stage);
    await delay(STEADY_MS, undefined, { signal: parts.signal });
    took.push(...(await switchTo(stage, FULL)));
  }
  parts.progress.tell(`to a layer that does not: ${took.map(Math.round).join(', ')} ms`);
  return took;
}

/** The publisher can send its highest layer no more: who is shown it is moved. */
async function withdraw(stage: Stage, count: number): Promise<number[]> {
  const { parts, publisher, camera, mover, stayer } = stage;
  const gaps: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    await show(stage, mover, FULL);
    await delay(STEADY_MS, undefined, { signal: parts.signal });
    const from = performance.now();
    publisher.announceLayers(camera, [true, true, false]);
    await until('who watches it is moved', SHOWN_WITHIN_MS, () => mover.video.frames.at(-1)?.width !== FULL.width);
    await until('it is not sent any more', SHOWN_WITHIN_MS, () => publisher.layersOf(camera)[2] === false);
    await delay(AFTER_MS, undefined, { signal: parts.signal });
    gaps.push(...gapsOf([mover, stayer], from));
    publisher.announceLayers(camera, [true, true, true]);
  }
  parts.progress.tell(`a layer is withdrawn: gaps of ${gaps.map(Math.round).join(', ')} ms`);
  return gaps;
}

/** Whoever is shown the higher layer goes. */
async function lastOneLeaves(stage: Stage, count: number): Promise<number[]> {
  const { parts, camera, mover, stayer } = stage;
  const gaps: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    await show(stage, mover, FULL);
    await delay(STEADY_MS, undefined, { signal: parts.signal });
    const from = performance.now();
    mover.peer.unsubscribe([camera]);
    await untilLowAlone(stage);
    await delay(AFTER_MS, undefined, { signal: parts.signal });
    gaps.push(...gapsOf([stayer], from));
  }
  parts.progress.tell(`the last viewer of a layer leaves: gaps of ${gaps.map(Math.round).join(', ')} ms`);
  return gaps;
}

/** Whole time without a frame, ms, of each of them from then until now. */
function gapsOf(watchers: readonly Watcher[], from: number): number[] {
  const to = performance.now();
  return watchers.map(({ video }) =>
    longestGap(
      video.frames.map(({ at }) => at),
      from - BEFORE_MS,
      to,
    ),
  );
}

/** ms from the subscription of the mover to its first frame of that size; nothing where none comes, which is told. */
async function switchTo({ parts, camera, mover }: Stage, size: FrameSize): Promise<number[]> {
  const { peer, video } = mover;
  const sentAt = performance.now();
  peer.subscribe([{ ...camera, ...size }]);
  const first = (): number | undefined => video.frames.find(({ at, width }) => at > sentAt && width === size.width)?.at;
  try {
    await until(`a frame ${size.width} px wide`, SWITCHES_WITHIN_MS, () => first() !== undefined);
  } catch (error) {
    parts.fail(error instanceof Error ? error.message : String(error));
  }
  const at = first();
  return at === undefined ? [] : [at - sentAt];
}

async function show({ camera }: Stage, { peer, video }: Watcher, size: FrameSize): Promise<void> {
  const from = performance.now();
  peer.subscribe([{ ...camera, ...size }]);
  await until(`a picture ${size.width} px wide`, SHOWN_WITHIN_MS, () => {
    const { at = 0, width = 0 } = video.frames.at(-1) ?? {};
    return (at > from && width === size.width) || `${width} px`;
  });
}

/** The lowest layer is all that crosses, and all that is sent. */
async function untilLowAlone({ place, publisher, camera, parts }: Stage): Promise<void> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const { streams } = await place.trunk();
    const sent = publisher.layersOf(camera);
    if (streams === 1 && sent[0] === true && !sent.slice(1).includes(true)) return;
    if (performance.now() > deadline)
      throw new Error(
        `${streams} streams cross ${GONE_WITHIN_MS / 1_000} s after the last viewer; sent: ${sent.join()}`,
      );
    await delay(POLL_MS, undefined, { signal: parts.signal });
  }
}
