/** Frames from one end to the other, and what may become of them between. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MediaKind } from './encoded-frame.ts';
import { formatNamed } from './formats.ts';
import type { DecryptingKeys, EncryptingKeys } from './frame-format.ts';
import { ASKS_EVERY_MS } from './key-frame-wish.ts';
import { FAILS_AFTER_MS, type ReceiveState } from './receive-state.ts';
import { ReceivedTrack } from './received-track.ts';
import { senderOf } from './sender-id.ts';
import { SentTrack } from './sent-track.ts';
import { FakeFrame, noise, opus, vp8, vp9 } from './testing/fake-frames.ts';
import { type WitnessRecord, Witness } from './witness.ts';

const FORMAT = formatNamed('sframe');
const ALICE = senderOf({ userId: '@alice:x', deviceId: 'A' });
const CAROL = senderOf({ userId: '@carol:x', deviceId: 'C' });

let now: number;
let own: EncryptingKeys;
let theirs: DecryptingKeys;
let states: ReceiveState[];
let wanted: number;
let asked: number;

beforeEach(async () => {
  now = 0;
  states = [];
  wanted = 0;
  asked = 0;
  own = await FORMAT.ownKeys();
  theirs = FORMAT.keysOfSender();
  await theirs.add(own.shared);
});

const common = (kind: MediaKind, witness?: Witness) => ({
  kind,
  format: FORMAT,
  witness,
  codecsWanted: () => {
    wanted += 1;
  },
  now: () => now,
});

const ask = async (): Promise<void> => {
  asked += 1;
};

function sends(kind: MediaKind = 'video', witness?: Witness): SentTrack {
  return new SentTrack({ ...common(kind, witness), keys: Promise.resolve(own) });
}

function receives(kind: MediaKind = 'video', witness?: Witness): ReceivedTrack {
  const track = new ReceivedTrack({ ...common(kind, witness), changed: state => states.push(state) });
  track.bind({ from: ALICE, frames: theirs.frames() });
  return track;
}

/** As it leaves. */
async function sent(track: SentTrack, frame: FakeFrame): Promise<FakeFrame> {
  expect(await track.pass(frame, ask)).toBe(true);
  return frame.arrived();
}

const reasons = (track: SentTrack | ReceivedTrack): object => Object.fromEntries(track.statistics.refused);
const words = (): string[] => states.map(state => (state.kind === 'failing' ? state.reason : state.kind));

/** Frames as they come for a while; none must come out. */
async function refuses(track: ReceivedTrack, frameOf: (at: number) => Promise<FakeFrame> | FakeFrame): Promise<void> {
  for (let at = 0; at < 30; at += 1) {
    now += FAILS_AFTER_MS / 10;
    const frame = await frameOf(at);
    expect(await track.pass(frame, ask)).toBe(false);
  }
}

describe('frames', () => {
  it.each([
    ['VP8, key frame', () => vp8('key'), 10],
    ['VP8, other frame', () => vp8(), 3],
    ['VP9', () => vp9(), 0],
    ['opus', () => opus(), 0],
    ['opus, of one byte (DTX)', () => opus(0), 0],
  ])('of %s arrive as they were; on the way only their first bytes are', async (_, frameOf, clear) => {
    const track = sends();
    const frame = frameOf();
    const whole = frame.bytes;
    const onTheWay = await sent(track, frame);
    expect(onTheWay.bytes.subarray(0, clear)).toEqual(whole.subarray(0, clear));
    const rest = Buffer.from(onTheWay.bytes).subarray(clear);
    if (whole.length > 16) expect(rest.includes(Buffer.from(whole.subarray(clear, clear + 8)))).toBe(false);
    expect(rest.length).toBeGreaterThan(whole.length - clear);
    const received = receives();
    expect(await received.pass(onTheWay, ask)).toBe(true);
    expect(onTheWay.bytes).toEqual(whole);
    expect(words()).toEqual(['decrypted']);
  });

  it('without a byte have nothing to encrypt, and nothing that could be shown', async () => {
    const [track, received] = [sends('audio'), receives('audio')];
    const empty = new FakeFrame(new Uint8Array(), { mimeType: 'audio/opus' });
    expect((await sent(track, empty)).data.byteLength).toBe(0);
    expect(track.statistics).toMatchObject({ encrypted: 0, empty: 1 });
    await refuses(received, () => empty.arrived());
    expect(reasons(received)).toEqual({ empty: 30 });
    expect(words()).toEqual([]);
  });

  it('of several sizes of a picture, and of several tracks, never have a number twice', async () => {
    const records: WitnessRecord[] = [];
    const witness = new Witness(some => records.push(...some));
    const tracks = [sends('video', witness), sends('video', witness), sends('audio', witness)];
    await Promise.all(tracks.flatMap(track => Array.from({ length: 20 }, () => track.pass(vp8(), ask))));
    witness.flush();
    expect(records).toHaveLength(60);
    expect(new Set(records.map(({ keyId, counter }) => `${keyId} ${counter}`)).size).toBe(60);
  });
});

describe('nothing is sent', () => {
  it.each(['video/H264', 'video/AV1', 'audio/PCMU'])('in %s', async mimeType => {
    const track = sends();
    expect(await track.pass(new FakeFrame(noise(100), { mimeType }), ask)).toBe(false);
    expect(reasons(track)).toEqual({ codec: 1 });
    expect(wanted).toBe(0);
  });

  it('before anybody knows what it is encoded in: that is asked', async () => {
    const track = sends();
    const frame = (): FakeFrame => new FakeFrame(vp8('key').bytes, { payloadType: 96 }, 'delta');
    expect(await track.pass(frame(), ask)).toBe(false);
    expect([reasons(track), wanted]).toEqual([{ codec: 1 }, 1]);
    track.codecs.update([{ payloadType: 96, mimeType: 'video/VP8' }]);
    expect((await sent(track, frame())).bytes.subarray(0, 3)).toEqual(frame().bytes.subarray(0, 3));
    // The encoder is asked for one that stands on its own, since those before are missing.
    expect([wanted, asked]).toEqual([1, 1]);
  });

  it('that is shorter than a frame of its codec', async () => {
    const track = sends();
    for (const bytes of [1, 2])
      expect(await track.pass(new FakeFrame(vp8().bytes.subarray(0, bytes)), ask)).toBe(false);
    expect(await track.pass(new FakeFrame(vp8('key').bytes.subarray(0, 9)), ask)).toBe(false);
    expect(reasons(track)).toEqual({ malformed: 3 });
  });

  it('while there is no key: it waits for it; and none of it where there will be none', async () => {
    const key = Promise.withResolvers<EncryptingKeys>();
    const track = new SentTrack({ ...common('video'), keys: key.promise });
    const frame = vp8('key');
    const whole = frame.bytes;
    let done = false;
    const passed = track.pass(frame, ask).finally(() => {
      done = true;
    });
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(done).toBe(false);
    key.resolve(own);
    expect(await passed).toBe(true);
    expect(frame.bytes).not.toEqual(whole);
    const keys = Promise.reject<EncryptingKeys>(new Error('no such cipher'));
    const without = new SentTrack({ ...common('video'), keys });
    expect(await without.pass(vp8(), ask)).toBe(false);
    expect(reasons(without)).toEqual({ failed: 1 });
  });
});

describe('nothing comes out', () => {
  it('of whom another key is known', async () => {
    const stranger = FORMAT.keysOfSender();
    await stranger.add((await FORMAT.ownKeys()).shared);
    const [track, received] = [sends(), receives()];
    received.bind({ from: CAROL, frames: stranger.frames() });
    await refuses(received, () => sent(track, vp8()));
    expect(reasons(received)).toEqual({ not_authentic: 30 });
    expect(words()).toEqual(['not_authentic']);
  });

  it('of whom no key is known, before one comes', async () => {
    const [track, received] = [sends(), receives()];
    received.bind({ from: CAROL, frames: undefined });
    await refuses(received, () => sent(track, vp8()));
    received.bind({ from: CAROL, frames: FORMAT.keysOfSender().frames() });
    await refuses(received, () => sent(track, vp8()));
    expect(reasons(received)).toEqual({ no_key: 60 });
    received.bind({ from: CAROL, frames: theirs.frames() });
    expect(await received.pass(await sent(track, vp8('key')), ask)).toBe(true);
    expect(words()).toEqual(['no_key', 'decrypted']);
  });

  it.each([
    ['VP8', 'video', (at: number) => vp8(at === 0 ? 'key' : 'delta')],
    ['VP9', 'video', () => vp9()],
    ['opus', 'audio', () => opus()],
    ['silence', 'audio', () => new FakeFrame(Uint8Array.of(0x78, 0xff, 0xfe), { mimeType: 'audio/opus' })],
  ] as const)('that nobody encrypted: %s', async (_, kind, frameOf) => {
    const received = receives(kind);
    await refuses(received, frameOf);
    expect(received.statistics.decrypted).toBe(0);
    expect(words()).toEqual(['clear']);
  });

  it('that was cut', async () => {
    const [track, received] = [sends(), receives()];
    const whole = await sent(track, vp8('key', 40));
    for (let bytes = 0; bytes < whole.bytes.length; bytes += 1)
      expect(await received.pass(whole.arrived(whole.bytes.subarray(0, bytes)), ask)).toBe(false);
    expect(received.statistics.decrypted).toBe(0);
    expect(Object.keys(reasons(received)).sort()).toEqual(['empty', 'not_authentic', 'truncated']);
    expect(await received.pass(whole, ask)).toBe(true);
  });

  it('that was forged: one bit, wherever it is, its clear bytes included', async () => {
    const [track, received] = [sends(), receives()];
    const whole = await sent(track, vp8('key', 40));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.bytes.length * 8 - 1), async bit => {
        const bytes = whole.bytes.slice();
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await received.pass(whole.arrived(bytes), ask)).toBe(false);
      }),
    );
    const another = receives();
    await refuses(another, async () => {
      const frame = await sent(track, vp8());
      const bytes = frame.bytes;
      bytes.set([bytes.at(-1) === 0 ? 1 : 0], bytes.length - 1);
      return frame.arrived(bytes);
    });
    expect(words()).toEqual(['not_authentic']);
  });

  it('of one that was said to be another’s codec', async () => {
    const [track, received] = [sends(), receives()];
    const { bytes } = await sent(track, vp8('key'));
    expect(await received.pass(new FakeFrame(bytes, { mimeType: 'video/VP9' }), ask)).toBe(false);
    await refuses(received, () => new FakeFrame(bytes, { mimeType: 'video/H264' }));
    expect(words()).toEqual(['codec']);
  });

  it('that came before', async () => {
    const [track, received] = [sends(), receives()];
    const frame = await sent(track, vp8());
    const again = [frame.arrived(), frame.arrived()];
    expect(await received.pass(frame, ask)).toBe(true);
    const both = await Promise.all(again.map(one => received.pass(one, ask)));
    expect(both).toEqual([false, false]);
    await refuses(received, () => again[0] ?? frame);
    expect(words()).toEqual(['decrypted', 'replayed']);
    // Nothing is missing because of it.
    await received.pass(await sent(track, vp8()), ask);
    expect(asked).toBe(0);
  });

  it('of which nobody has said whose it is', async () => {
    const [track, received] = [sends(), receives()];
    received.bind(undefined);
    await refuses(received, () => sent(track, vp8()));
    expect(reasons(received)).toEqual({ unbound: 30 });
    expect(words()).toEqual([]);
  });

  it('of whom it was bound to when it came, but is not any more', async () => {
    const [track, received] = [sends(), receives()];
    const late = received.pass(await sent(track, vp8()), ask);
    received.bind({ from: CAROL, frames: undefined });
    expect(await late).toBe(false);
    expect(reasons(received)).toEqual({ unbound: 1 });
    expect(words()).toEqual([]);
  });
});

describe('a receiver that is bound to somebody else', () => {
  it('begins anew: other keys, a window of its own, and a state of its own', async () => {
    const carol = await FORMAT.ownKeys();
    const carols = FORMAT.keysOfSender();
    await carols.add(carol.shared);
    const [track, received] = [sends(), receives()];
    const hers = new SentTrack({ ...common('video'), keys: Promise.resolve(carol) });
    // The counters of both are the same.
    expect(await received.pass(await sent(track, vp8('key')), ask)).toBe(true);
    received.bind({ from: CAROL, frames: carols.frames() });
    expect(received.from).toBe(CAROL);
    expect(await received.pass(await sent(track, vp8()), ask)).toBe(false);
    expect(await received.pass(await sent(hers, vp8('key')), ask)).toBe(true);
    expect(words()).toEqual(['decrypted', 'waiting', 'decrypted']);
  });
});

describe('a key frame is asked for', () => {
  it('when frames go on after some that were missed, now and then until it comes', async () => {
    const [track, received] = [sends(), receives()];
    received.bind({ from: ALICE, frames: undefined });
    await refuses(received, () => sent(track, vp8()));
    expect(asked).toBe(0);
    received.bind({ from: ALICE, frames: theirs.frames() });
    const goOn = async (type: 'key' | 'delta'): Promise<void> => {
      expect(await received.pass(await sent(track, vp8(type)), ask)).toBe(true);
    };
    await goOn('delta');
    await goOn('delta');
    expect(asked).toBe(1);
    now += ASKS_EVERY_MS;
    await goOn('delta');
    expect(asked).toBe(2);
    await goOn('key');
    now += ASKS_EVERY_MS;
    await goOn('delta');
    expect(asked).toBe(2);
  });

  it('of the encoder, when frames were dropped before they were encrypted', async () => {
    const track = sends();
    track.refuse('full');
    await track.pass(vp8(), ask);
    expect(asked).toBe(1);
    now += ASKS_EVERY_MS;
    await track.pass(vp8('key'), ask);
    await track.pass(vp8(), ask);
    expect(asked).toBe(1);
  });

  it('of nobody who speaks, nor where the browser has no way, nor in vain twice at once', async () => {
    const voice = receives('audio');
    voice.refuse('full');
    await voice.pass(await sent(sends('audio'), opus()), ask);
    expect(asked).toBe(0);
    const received = receives();
    received.refuse('full');
    expect(await received.pass(await sent(sends(), vp8()))).toBe(true);
    const fails = async (): Promise<never> => {
      asked += 1;
      throw new Error('ended');
    };
    expect(await received.pass(await sent(sends(), vp8()), fails)).toBe(true);
    expect(await received.pass(await sent(sends(), vp8()), fails)).toBe(true);
    expect(asked).toBe(1);
  });
});

describe('a witness', () => {
  it('is told the same of a frame at both ends, and what it was before it was encrypted', async () => {
    const records: WitnessRecord[] = [];
    const witness = new Witness(some => records.push(...some));
    const frame = vp8('key');
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', frame.bytes))
      .subarray(0, 8)
      .toString('hex');
    const arrived = await sent(sends('video', witness), frame);
    const received = receives('video', witness);
    await received.pass(arrived.arrived(arrived.bytes.subarray(1)), ask);
    await received.pass(arrived, ask);
    expect(records).toEqual([]);
    witness.flush();
    const both = { kind: 'video', keyId: '0', counter: '0', digest, isDated: true };
    expect(records.map(({ at, ...record }) => ({ ...record, isDated: at > 0 }))).toEqual([
      { direction: 'send', from: undefined, ...both },
      { direction: 'receive', from: ALICE, ...both },
    ]);
  });
});
