import { type Call, pause, until } from '../call.ts';
import type { Participant } from '../participant.ts';
import type { Frame, StreamFrames } from '../probe.ts';
import { longestGap } from '../statistics.ts';

const SWITCHES = 20;
const SWITCHES_WITHIN_MS = 5_000;
/** All of them together: where layers come and go, waiting for each would take minutes. */
const PHASE_MS = 90_000;
/** Before a switch, the view has shown one layer for so long, and the sender sends another, too. */
const STEADY_FOR_MS = 500;
const STEADY_WITHIN_MS = 5_000;
/** Asking a page takes its time. */
const UNDISTURBED_MS = 250;
/** Gaps are looked for from so long before the subscription is sent … */
const BEFORE_MS = 250;
/** … until so long after the first frame of the new size. */
const AFTER_MS = 750;
/** px of the browsers' fake cameras. */
const CAPTURED = { width: 640, height: 360 };
const LAYERS_BEGIN_WITHIN_MS = 4_000;
/** What may lie between two pictures of a stream at most while one waits for the end of a gap. */
const GAP_ENDS_WITHIN_MS = 5_000;

export interface SwitchTimes {
  /** From the subscription sent to the first frame of the new size, ms. */
  switches: number[];
  /** Longest gap between frames around each switch, on its stream, ms. */
  gaps: number[];
  /** The same of the viewer's other streams at the same times, ms. */
  idleGaps: number[];
}

interface Size {
  width: number;
  height: number;
}

/** Views ask for another layer, one after the other, up and down. */
export async function switchLayers(call: Call): Promise<SwitchTimes> {
  call.progress.phase('Switch layers');
  return switchViews(call, await viewsBetweenRunningLayers(call));
}

/** The same in these views alone; the layers between which they go should be running. */
export async function switchViews(call: Call, views: readonly View[]): Promise<SwitchTimes> {
  const times: SwitchTimes = { switches: [], gaps: [], idleGaps: [] };
  const deadline = performance.now() + PHASE_MS;
  for (let index = 0; index < SWITCHES; index++) {
    const view = views[index % views.length];
    if (view === undefined) break;
    if (performance.now() > deadline) {
      call.fail(`only ${index} of ${SWITCHES} switches were tried within ${PHASE_MS / 1_000} s`);
      break;
    }
    await view.viewer.watch(true);
    await pause(call, STEADY_FOR_MS + BEFORE_MS);
    await switchOne(call, view, times);
    await view.viewer.watch(false);
  }
  return times;
}

export interface View {
  viewer: Participant;
  sender: Participant;
}

/**
 * A publisher sends no layer that nobody wants, and one that begins runs for 2 s before anybody is switched to it. So of each
 * sender's viewers one keeps the largest layer going and one the next, and the third is switched. In a call of fewer than four all
 * pairs are switched, and wait for layers to begin.
 */
async function viewsBetweenRunningLayers(call: Call): Promise<View[]> {
  const { participants } = call;
  const others = (index: number): Participant[] =>
    participants.slice(1).flatMap((_, distance) => participants[(index + distance + 1) % participants.length] ?? []);
  if (participants.length < 4) {
    return participants.flatMap((sender, index) => others(index).map(viewer => ({ viewer, sender })));
  }
  const views: View[] = [];
  for (const [index, sender] of participants.entries()) {
    const [viewer, ofLargest, ofNext] = others(index);
    if (viewer === undefined || ofLargest === undefined || ofNext === undefined) continue;
    const { publishedStreams } = await sender.snapshot();
    for (const [keeper, share] of [
      [ofLargest, 1],
      [ofNext, 2],
    ] as const) {
      const video = (await keeper.snapshot()).video.find(({ streamId }) => publishedStreams.includes(streamId));
      if (video === undefined) continue;
      const size = { width: CAPTURED.width / share, height: CAPTURED.height / share };
      await keeper.wantSize(video.streamId, video.trackId, size);
    }
    views.push({ viewer, sender });
  }
  await pause(call, LAYERS_BEGIN_WITHIN_MS);
  return views;
}

interface Plan {
  streamId: string;
  trackId: string;
  now: Size;
  wanted: Size;
}

/** What to switch to; undefined while the view changes by itself, or the sender sends but one layer. */
async function planSwitch({ viewer, sender }: View): Promise<Plan | undefined> {
  const [sent, received, recent] = await Promise.all([
    sender.snapshot(),
    viewer.snapshot(),
    viewer.framesSince(Date.now() - STEADY_FOR_MS),
  ]);
  const now = received.video.find(({ streamId }) => sent.publishedStreams.includes(streamId));
  if (now === undefined) return undefined;
  const frames = framesOf(recent, now.streamId);
  if (frames.length === 0 || frames.some(({ width }) => width !== now.width)) return undefined;
  const wanted = otherLayer(
    now,
    sent.sent.filter(({ width }) => width > 0),
  );
  return wanted && { streamId: now.streamId, trackId: now.trackId, now, wanted };
}

async function switchOne(call: Call, view: View, times: SwitchTimes): Promise<void> {
  const { viewer, sender } = view;
  const who = `${viewer.name} of ${sender.name}`;
  const plan = await until(call, STEADY_WITHIN_MS, () => planSwitch(view));
  if (plan === undefined) {
    call.fail(`${who}: no steady view, or no other layer to switch to, for ${STEADY_WITHIN_MS / 1_000} s`);
    return;
  }
  const { streamId, trackId, now, wanted } = plan;
  const sentAt = await viewer.wantSize(streamId, trackId, wanted);
  await pause(call, UNDISTURBED_MS);
  const isNew = ({ width, height }: Frame): boolean => width === wanted.width && height === wanted.height;
  const first = await until(call, SWITCHES_WITHIN_MS, async () =>
    framesOf(await viewer.framesSince(sentAt), streamId).find(isNew),
  );
  const change = `${now.width}x${now.height} → ${wanted.width}x${wanted.height}`;
  if (first === undefined) {
    call.fail(`${who}: no frame of the new size within ${SWITCHES_WITHIN_MS / 1_000} s (${change})`);
    return;
  }

  const [from, to] = [sentAt - BEFORE_MS, first.presentedAt + AFTER_MS];
  await pause(call, Math.max(0, to - Date.now()));
  // A gap counts whole: the next frame has to be there before gaps are read.
  await until(call, GAP_ENDS_WITHIN_MS, async () =>
    framesOf(await viewer.framesSince(to), streamId).length > 0 ? true : undefined,
  );
  const readAt = Date.now();
  const gapIn = (frames: readonly Frame[]): number =>
    longestGap([...frames.map(({ presentedAt }) => presentedAt), readAt], from, to);
  // Far enough back for the frame before the window.
  for (const stream of await viewer.framesSince(from - GAP_ENDS_WITHIN_MS)) {
    (stream.streamId === streamId ? times.gaps : times.idleGaps).push(gapIn(stream.frames));
  }
  const took = first.presentedAt - sentAt;
  times.switches.push(took);
  call.progress.tell(
    `${who}: ${change} in ${Math.round(took)} ms, gap ${Math.round(times.gaps.at(-1) ?? Number.NaN)} ms`,
  );
}

/** From the largest layer one down; from any other to the largest. */
function otherLayer(now: Size, layers: readonly Size[]): Size | undefined {
  const [largest, next] = layers.toSorted((a, b) => b.width - a.width);
  return largest?.width === now.width ? next : largest;
}

function framesOf(streams: readonly StreamFrames[], streamId: string): Frame[] {
  return streams.find(stream => stream.streamId === streamId)?.frames ?? [];
}
