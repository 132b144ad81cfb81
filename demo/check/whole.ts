import { type Call, pause, POLL_MS } from './call.ts';
import type { Snapshot } from './probe.ts';

export type Wholeness = { kind: 'whole'; at: number } | { kind: 'missing'; pairs: string[] };

/**
 * Waits until every pair decodes video and plays received audio that came after `since` (ms since 1970). Gives when the last
 * of them did, or the pairs that did not in time.
 */
export async function untilWhole(call: Call, since: number, withinMs: number): Promise<Wholeness> {
  await watchAll(call, true);
  try {
    return await lookUntilWhole(call, since, withinMs);
  } finally {
    await watchAll(call, false);
  }
}

async function watchAll({ participants }: Call, everything: boolean): Promise<void> {
  await Promise.all(participants.map(participant => participant.watch(everything)));
}

async function lookUntilWhole(call: Call, since: number, withinMs: number): Promise<Wholeness> {
  const deadline = performance.now() + withinMs;
  const backAt = new Map<string, number>();
  const played = new Map<string, number>();
  for (;;) {
    await pause(call, POLL_MS);
    const views = await Promise.all(
      call.participants.map(async participant => ({
        name: participant.name,
        snapshot: await participant.snapshot(),
        frames: await participant.framesSince(since),
      })),
    );
    const readAt = Date.now();
    const missing: string[] = [];
    for (const viewer of views) {
      for (const sender of views) {
        if (sender === viewer) continue;
        const { publishedStreams } = sender.snapshot;
        const [video, audio] = [
          `video of ${sender.name} at ${viewer.name}`,
          `audio of ${sender.name} at ${viewer.name}`,
        ];
        const stream = viewer.frames.find(({ streamId }) => publishedStreams.includes(streamId));
        const first = stream?.frames[0]?.shownAt;
        if (first !== undefined) backAt.set(video, backAt.get(video) ?? first);
        const { id, samples } = playedOf(viewer.snapshot, publishedStreams);
        const key = `${audio} ${id}`;
        const before = played.get(key);
        played.set(key, samples);
        // What was counted by the first look may be from before.
        if (before !== undefined && samples > before && readAt > since) backAt.set(audio, backAt.get(audio) ?? readAt);
        missing.push(...[video, audio].filter(medium => !backAt.has(medium)));
      }
    }
    if (missing.length === 0) return { kind: 'whole', at: Math.max(...backAt.values()) };
    if (performance.now() > deadline) return { kind: 'missing', pairs: missing };
  }
}

/** Samples that came and were not made up. */
function playedOf(viewer: Snapshot, streams: readonly string[]): { id: string; samples: number } {
  const audio = viewer.audio.find(({ streamId }) => streams.includes(streamId));
  return audio === undefined
    ? { id: '', samples: 0 }
    : { id: `${audio.streamId} ${audio.trackId}`, samples: audio.samples - audio.concealed };
}
