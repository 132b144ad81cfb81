import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoundedFile } from './bounded-file.ts';
import { readRecording, type RecordedEvent, writeEvent } from './format.ts';
import { stringsOfToDevice } from './to-device.ts';

const TRACK: RecordedEvent = { kind: 'track', track: { kind: 'video', codecs: { '96': 'video/VP8' } } };
const packet = (...bytes: number[]): RecordedEvent => ({
  kind: 'packet',
  packet: { at: 1_790_000_000_000.25, track: 513, packet: Uint8Array.from(bytes) },
});

describe('a recording', () => {
  const events: RecordedEvent[] = [
    TRACK,
    packet(1, 2, 3),
    { kind: 'told', texts: ['a', 'ä'] },
    { kind: 'failure', message: 'broke' },
    packet(),
    { kind: 'full', at: 7 },
  ];
  const whole = Buffer.concat(events.map(writeEvent));

  it('is read as it was written', () => {
    const read = readRecording(whole);
    expect({ ...read, packets: read.packets.map(each => ({ ...each, packet: [...each.packet] })) }).toEqual({
      tracks: [{ kind: 'video', codecs: { '96': 'video/VP8' } }],
      packets: [
        { at: 1_790_000_000_000.25, track: 513, packet: [1, 2, 3] },
        { at: 1_790_000_000_000.25, track: 513, packet: [] },
      ],
      told: ['a', 'ä'],
      failures: ['broke'],
      fullAt: 7,
    });
  });

  it('that is cut anywhere is read up to there', () => {
    for (let bytes = 0; bytes < whole.length; bytes += 1) {
      const { packets, fullAt } = readRecording(whole.subarray(0, bytes));
      expect(packets.length).toBeLessThanOrEqual(2);
      expect(fullAt).toBeUndefined();
    }
  });
});

describe('a file with a bound', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-recording-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('takes what fits, says when it was full, and takes nothing more', () => {
    const path = join(folder, 'rtp');
    const file = new BoundedFile(path, 100_000, () => 42);
    for (let count = 0; count < 200; count += 1) file.write(packet(...Buffer.alloc(1_000)));
    file.write(TRACK);
    file.close();
    file.write(TRACK);
    const bytes = readFileSync(path);
    const { packets, tracks, fullAt } = readRecording(bytes);
    expect(bytes.length).toBeLessThanOrEqual(100_000);
    expect(packets.length).toBe(98);
    expect([tracks.length, fullAt]).toEqual([0, 42]);
  });

  it('that is not full says nothing of it', () => {
    const path = join(folder, 'rtp');
    const file = new BoundedFile(path, 100_000, () => 42);
    file.write(TRACK);
    file.close();
    file.close();
    expect(readRecording(readFileSync(path))).toMatchObject({ tracks: [TRACK.track], fullAt: undefined });
  });
});

describe('what to-device messages tell', () => {
  it('are all strings of them, and none of the rest of a sync', () => {
    const sync = {
      next_batch: 'n',
      to_device: { events: [{ type: 't', content: { a: { b: ['k1', 7, null] }, c: 'k2' } }, { sender: 's' }] },
    };
    expect(stringsOfToDevice(sync)).toEqual(['t', 'k1', 'k2', 's']);
  });

  it.each([undefined, null, 'x', {}, { to_device: null }, { to_device: { events: 'no' } }])('of %j is little', sync => {
    expect(stringsOfToDevice(sync).filter(text => text !== 'no')).toEqual([]);
  });
});
