import { beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { clearBytes, CODECS, type EncryptableCodec } from './clear-bytes.ts';
import { readHeader } from './header.ts';
import { keyIdOf, keyStepOf, LAST_STEP } from './key-id.ts';
import { FOLLOWS_EVERY_MS, KEEPS_EARLIER_MS, ReceivedKeys } from './received-keys.ts';
import { type Received, ReceivedFrames } from './received-frames.ts';
import { ReplayWindow, WINDOW_FRAMES } from './replay-window.ts';
import { SentKeys } from './sent-keys.ts';
import { type Bytes, SUITES } from './suites.ts';

const SUITE = SUITES.AES_256_GCM_SHA512_128;
const CLEAR = Uint8Array.of(1, 2, 3);
const FRAME = Uint8Array.from({ length: 100 }, (_, index) => index);

let now: number;
let sent: SentKeys;
let keys: ReceivedKeys;
let received: ReceivedFrames;

beforeEach(async () => {
  now = 0;
  sent = await SentKeys.make(SUITE);
  keys = new ReceivedKeys(SUITE, () => now);
  received = new ReceivedFrames(keys);
});

const send = (frame: Bytes = FRAME): Promise<Bytes> => sent.encrypt(CLEAR, frame);
const take = (encrypted: Bytes, clear = CLEAR): Promise<Received> => received.decrypt(clear, encrypted);
const hexOfHeader = (frame: Bytes): string => readHeader(frame)?.bytes.join() ?? 'none';
const reasonOf = (one: Received): string => (one.kind === 'refused' ? one.reason : one.kind);

async function ratchetTimes(times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await sent.ratchet();
}

describe('frames', () => {
  it('are read by whoever has the key, and by nobody else', async () => {
    const encrypted = await send();
    expect(reasonOf(await take(encrypted))).toBe('no_key');
    const stranger = new ReceivedKeys(SUITE);
    await stranger.add((await SentKeys.make(SUITE)).shared);
    expect(reasonOf(await new ReceivedFrames(stranger).decrypt(CLEAR, encrypted))).toBe('not_authentic');
    await keys.add(sent.shared);
    expect(await take(encrypted)).toEqual({ kind: 'frame', frame: FRAME });
  });

  it('are refused where one bit of them, or of what is clear beside them, was changed', async () => {
    await keys.add(sent.shared);
    const encrypted = await send();
    await fc.assert(
      fc.asyncProperty(fc.nat(encrypted.length * 8 - 1), async bit => {
        const changed = Uint8Array.from(encrypted);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect((await take(changed)).kind).toBe('refused');
      }),
    );
    expect(reasonOf(await take(encrypted, Uint8Array.of(1, 2, 4)))).toBe('not_authentic');
    expect(reasonOf(await take(encrypted, Uint8Array.of(1, 2)))).toBe('not_authentic');
    expect((await take(encrypted)).kind).toBe('frame');
  });

  it('that are cut anywhere are refused', async () => {
    await keys.add(sent.shared);
    const encrypted = await send();
    for (let bytes = 0; bytes < encrypted.length; bytes += 1)
      expect((await take(encrypted.slice(0, bytes))).kind).toBe('refused');
  });

  it('of any bytes whatever are refused, and nothing is thrown', async () => {
    await keys.add(sent.shared);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async bytes => {
        expect((await take(Uint8Array.from(bytes))).kind).toBe('refused');
      }),
    );
  });

  it('come once, also where two of them are decrypted at a time', async () => {
    await keys.add(sent.shared);
    const encrypted = await send();
    const both = await Promise.all([take(encrypted), take(encrypted)]);
    expect(both.map(reasonOf).sort()).toEqual(['frame', 'replayed']);
    expect(reasonOf(await take(encrypted))).toBe('replayed');
    // The same one as a second size of the picture, on another track.
    expect((await new ReceivedFrames(keys).decrypt(CLEAR, encrypted)).kind).toBe('frame');
  });

  it('that are long past do not come again on a track that begins', async () => {
    await keys.add(sent.shared);
    const old = await send();
    const encrypted = [old];
    for (let sends = 0; sends < WINDOW_FRAMES; sends += 1) encrypted.push(await send());
    expect((await take(encrypted.at(-1) ?? old)).kind).toBe('frame');
    const another = new ReceivedFrames(keys);
    expect(reasonOf(await another.decrypt(CLEAR, old))).toBe('replayed');
    // Those of the last seconds may: it is a second size of the picture, and a little late.
    expect((await another.decrypt(CLEAR, encrypted[1] ?? old)).kind).toBe('frame');
    expect((await another.decrypt(CLEAR, encrypted.at(-1) ?? old)).kind).toBe('frame');
  });

  it('never have a number twice', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => send()));
    expect(new Set(all.map(encrypted => encrypted.slice(0, 3).join())).size).toBe(50);
  });
});

describe('who joins', () => {
  it('cannot read what was sent before, and those who were there follow by themselves', async () => {
    await keys.add(sent.shared);
    const before = await send();
    await sent.ratchet();
    const newcomer = new ReceivedKeys(SUITE);
    await newcomer.add(sent.shared);
    const after = await send();
    expect(reasonOf(await new ReceivedFrames(newcomer).decrypt(CLEAR, before))).toBe('no_key');
    expect((await new ReceivedFrames(newcomer).decrypt(CLEAR, after)).kind).toBe('frame');
    expect((await take(after)).kind).toBe('frame');
    // It was on its way.
    expect((await take(before)).kind).toBe('frame');
  });

  it('leaves the earlier key behind: it is forgotten after a while', async () => {
    await keys.add(sent.shared);
    const before = await send();
    await sent.ratchet();
    await take(await send());
    now += KEEPS_EARLIER_MS;
    expect(reasonOf(await take(before))).toBe('no_key');
    expect((await take(await send())).kind).toBe('frame');
  });

  it('one after the other without a frame between: receivers catch up, to the last step of a key', async () => {
    await keys.add(sent.shared);
    await ratchetTimes(LAST_STEP);
    expect((await take(await send())).kind).toBe('frame');
    await expect(sent.ratchet()).rejects.toThrow(RangeError);
  });

  it('with others at the same time makes a step each, and no number is used twice with a key', async () => {
    const changes = [sent.ratchet(), sent.ratchet(), sent.ratchet()];
    const frames = [await send()];
    for (const change of changes) {
      await change;
      frames.push(await send());
    }
    expect(sent.shared.step).toBe(3);
    frames.push(await send());
    const headers = frames.map(frame => hexOfHeader(frame));
    expect(new Set(headers).size).toBe(frames.length);
  });

  it('is not pretended by whoever makes up key ids: nobody follows for nothing, or for long', async () => {
    await keys.add(sent.shared);
    const forged = (step: number): Bytes => Uint8Array.from([0x80, step, ...FRAME]);
    expect(reasonOf(await take(forged(200)))).toBe('not_authentic');
    expect(reasonOf(await take(forged(201)))).toBe('no_key');
    now += FOLLOWS_EVERY_MS;
    expect(reasonOf(await take(forged(201)))).toBe('not_authentic');
    expect((await take(await send())).kind).toBe('frame');
    await sent.ratchet();
    now += FOLLOWS_EVERY_MS;
    expect((await take(await send())).kind).toBe('frame');
  });
});

describe('who leaves', () => {
  it('cannot read what is sent with the next key', async () => {
    await keys.add(sent.shared);
    const gone = new ReceivedKeys(SUITE);
    await gone.add(sent.shared);
    const next = sent.next();
    await keys.add(next);
    expect((await take(await send())).kind).toBe('frame');
    await sent.use(next);
    const after = await send();
    expect(reasonOf(await new ReceivedFrames(gone).decrypt(CLEAR, after))).toBe('no_key');
    expect((await take(after)).kind).toBe('frame');
    await expect(sent.use(next)).rejects.toThrow(RangeError);
  });

  it('makes no difference to an older key that comes late', async () => {
    const old = sent.shared;
    await sent.ratchet();
    await keys.add(sent.shared);
    await keys.add(old);
    const encrypted = await send();
    expect((await take(encrypted)).kind).toBe('frame');
  });
});

describe('the window of what came', () => {
  it('knows each counter once, as a set of all would that forgets the oldest', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 3n * BigInt(WINDOW_FRAMES) }), { maxLength: 300 }), counters => {
        const window = new ReplayWindow();
        const seen = new Set<bigint>();
        let highest = -1n;
        for (const counter of counters) {
          const isOld = highest - counter >= BigInt(WINDOW_FRAMES);
          const isNew = !isOld && !seen.has(counter);
          expect(window.isNew(counter)).toBe(isNew);
          expect(window.accept(counter)).toBe(isNew);
          if (isNew) seen.add(counter);
          if (isNew && counter > highest) highest = counter;
        }
      }),
    );
  });
});

describe('key ids', () => {
  it('are read as they were made, and none is made of a generation that nobody can have', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(LAST_STEP), (generation, step) => {
        expect(keyStepOf(keyIdOf({ generation, step }))).toEqual({ generation, step });
      }),
    );
    expect(keyStepOf((1n << 64n) - 1n)).toBeUndefined();
  });
});

describe('what stays clear', () => {
  const keyFrame = Uint8Array.from([0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0, 7, 7]);

  it.each<[string, EncryptableCodec, Uint8Array, number | undefined]>([
    ['the tag, start code and size of a VP8 key frame', 'VP8', keyFrame, 10],
    ['the tag of another VP8 frame', 'VP8', Uint8Array.of(0x11, 0, 0, 9, 9), 3],
    ['not known of what is shorter', 'VP8', Uint8Array.of(0x11), undefined],
    ['not known of nothing', 'VP8', Uint8Array.of(), undefined],
    ['nothing of VP9', 'VP9', keyFrame, 0],
    ['nothing of a voice', 'opus', keyFrame, 0],
  ])('is %s', (_, codec, frame, bytes) => {
    expect(clearBytes(codec, frame)).toBe(bytes);
  });

  it('is the same for the encrypted frame as for the frame, so that receivers find where it begins', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CODECS),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        async (codec, bytes) => {
          const frame = Uint8Array.from(bytes);
          const clear = clearBytes(codec, frame);
          if (clear === undefined) return;
          const encrypted = await sent.encrypt(frame.subarray(0, clear), frame.slice(clear));
          expect(clearBytes(codec, Uint8Array.from([...frame.subarray(0, clear), ...encrypted]))).toBe(clear);
        },
      ),
    );
  });
});
