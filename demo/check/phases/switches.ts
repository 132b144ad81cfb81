import { type Call, pause, until } from '../call.ts';
import type { Participant } from '../participant.ts';
import type { Frame, StreamFrames } from '../probe.ts';
import { longestGap } from '../statistics.ts';

const SWITCHES = 20;
const SWITCHES_WITHIN_MS = 5_000;
/** Gaps are looked for from so long before the subscription is sent … */
const BEFORE_MS = 250;
/** … until so long after the first frame of the new size. */
const AFTER_MS = 750;
/** What may lie between two pictures of a stream at most while one waits for the end of a gap. */
const GAP_ENDS_WITHIN_MS = 5_000;

export interface SwitchTimes {
  /** From the subscription sent to the first frame of the new size, ms. */
  switches: number[];
  /** Longest gap between frames around each switch, on its stream, ms. */
  gaps: number[];
  /** The same of all other streams at the same times, ms. */
  idleGaps: number[];
}

interface Size {
  width: number;
  height: number;
}

/** Views ask for another layer, one after the other, up and down. */
export async function switchLayers(call: Call): Promise<SwitchTimes> {
  call.progress.phase('Switch layers');
  const times: SwitchTimes = { switches: [], gaps: [], idleGaps: [] };
  const views = viewsInTurn(call.participants);
  for (let index = 0; index < SWITCHES; index++) {
    const view = views[index % views.length];
    if (view === undefined) break;
    await switchOne(call, view, times);
  }
  return times;
}

interface View {
  viewer: Participant;
  sender: Participant;
}

/** All pairs, so that neighbours have different viewers and senders. */
function viewsInTurn(participants: readonly Participant[]): View[] {
  const views: View[] = [];
  for (let distance = 1; distance < participants.length; distance++) {
    for (const [index, viewer] of participants.entries()) {
      const sender = participants[(index + distance) % participants.length];
      if (sender !== undefined) views.push({ viewer, sender });
    }
  }
  return views;
}

async function switchOne(call: Call, { viewer, sender }: View, times: SwitchTimes): Promise<void> {
  const who = `${viewer.name} of ${sender.name}`;
  const [sent, received] = await Promise.all([sender.snapshot(), viewer.snapshot()]);
  const now = received.video.find(({ streamId }) => sent.publishedStreams.includes(streamId));
  const wanted =
    now &&
    otherLayer(
      now,
      sent.sent.filter(({ framesEncoded }) => framesEncoded > 0),
    );
  if (now === undefined || wanted === undefined) {
    call.fail(`${who}: no other layer to switch to`);
    return;
  }
  const { streamId, trackId } = now;
  const sentAt = await viewer.wantSize(streamId, trackId, wanted);
  const isNew = ({ width, height }: Frame): boolean => width === wanted.width && height === wanted.height;
  const first = await until(
    call,
    SWITCHES_WITHIN_MS,
    async () => framesOf(await viewer.framesSince(sentAt), streamId).find(isNew),
    50,
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
  for (const participant of call.participants) {
    // Far enough back for the frame before the window.
    for (const stream of await participant.framesSince(from - GAP_ENDS_WITHIN_MS)) {
      const switched = participant === viewer && stream.streamId === streamId;
      (switched ? times.gaps : times.idleGaps).push(gapIn(stream.frames));
    }
  }
  const took = first.presentedAt - sentAt;
  times.switches.push(took);
  call.progress.tell(
    `${who}: ${change} in ${Math.round(took)} ms, gap ${Math.round(times.gaps.at(-1) ?? Number.NaN)} ms`,
  );
}

/** From the largest layer one down; from any other to the largest. */
function otherLayer<T extends Size>(now: Size, layers: readonly T[]): T | undefined {
  const sorted = layers.toSorted((a, b) => b.width - a.width);
  const [largest, next] = sorted;
  return largest?.width === now.width ? next : largest;
}

function framesOf(streams: readonly StreamFrames[], streamId: string): Frame[] {
  return streams.find(stream => stream.streamId === streamId)?.frames ?? [];
}
