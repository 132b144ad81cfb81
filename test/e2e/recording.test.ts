/** The RTP that a focus is sent, recorded without its knowledge: what comes out is what participants sent, frame by frame. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { recordedTo, recordingIn } from '../../bench/e2ee/recording/recording-focus.ts';
import { frameDigest } from '../../bench/e2ee/replay/digest.ts';
import { framesOfRecording } from '../../bench/e2ee/replay/recorded-frames.ts';
import { simulcastRecording, voiceRecording } from '../../loadtest/media/recordings.ts';
import { Stage, whole } from './stage.ts';

const CALL_MS = 6_000;
/** A busy machine loses some. */
const WHOLE_SHARE = 0.9;

test('a call in an encrypted room is recorded in all layers, and nothing else of it changes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-recording-'));
  try {
    const file = join(folder, 'rtp');
    const stage = await Stage.start(recordedTo(file));
    try {
      await using scene = stage.scene();
      const users = await scene.users(2);
      const room = await scene.callRoom(users, { encrypted: true });
      const peers = users.map(user => scene.peer(user, room, { media: 'recorded' }));
      await Promise.all(peers.map(peer => peer.join()));
      await whole(peers);
      await delay(CALL_MS);
      expect(peers.flatMap(peer => [...peer.seen.errors, ...peer.seen.unreadable])).toEqual([]);
    } finally {
      await stage.end();
    }

    const recording = await recordingIn(file);
    expect([recording.failures, recording.fullAt]).toEqual([[], undefined]);
    expect(recording.tracks.map(({ kind }) => kind).toSorted()).toEqual(['audio', 'audio', 'video', 'video']);
    // The peers signal by to-device messages.
    expect(recording.told.some(text => text.startsWith('v=0'))).toBe(true);

    const { frames, incomplete, unreadable } = framesOfRecording(recording);
    expect(unreadable).toBe(0);
    expect(frames.length * (1 - WHOLE_SHARE)).toBeGreaterThan(incomplete);
    const pictures = simulcastRecording().layers.flatMap(layer => layer.frames.map(({ data }) => frameDigest(data)));
    const sent = new Set([...pictures, ...voiceRecording().map(frameDigest)]);
    expect(frames.filter(({ data }) => !sent.has(frameDigest(data)))).toEqual([]);
    const streamsOf = (codec: string): Set<string> =>
      new Set(frames.filter(frame => frame.codec === codec).map(({ stream }) => stream));
    expect([streamsOf('opus').size, streamsOf('VP8').size]).toEqual([2, 6]);
    for (const stream of streamsOf('VP8')) {
      const [first] = frames.filter(frame => frame.stream === stream);
      // A receiver can begin with it (RFC 6386, section 9.1).
      expect((first?.data[0] ?? 1) & 1).toBe(0);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
