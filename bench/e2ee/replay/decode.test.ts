/** Encrypted by the code of the product, put into packets by hand, and read back by the bench: by those who may, and who may not. */
import { beforeEach, describe, expect, it } from 'vitest';
import { clearBytes } from '../../../client/sframe/clear-bytes.ts';
import { SentKeys, type SharedKey } from '../../../client/sframe/sent-keys.ts';
import { type Bytes, SUITES } from '../../../client/sframe/suites.ts';
import { RtpStream } from '../../../loadtest/peers/rtp.ts';
import { Vp8Packetiser } from '../../../loadtest/peers/vp8.ts';
import type { HeldKey } from '../page-encryption.ts';
import type { RecordedPacket, Recording } from '../recording/format.ts';
import { frameDigest } from './digest.ts';
import { type CallSecrets, figuresOfRecording } from './recording-figures.ts';

const ALICE = JSON.stringify(['@alice:localhost', 'A']);
const BOB = JSON.stringify(['@bob:localhost', 'B']);
const VP8 = 0;
const OPUS = 1;
/** Longer than a packet. */
const PICTURE_BYTES = 2_500;

/** A sender whose frames come to the focus. */
class Sender {
  readonly keys: SentKeys;
  readonly #name: string;
  readonly #streams = { picture: new Vp8Packetiser(new RtpStream(96)), voice: new RtpStream(111) };
  readonly #recording: Recording;
  /** Kept of each frame. */
  readonly digests: string[] = [];
  #count = 0;

  constructor(name: string, keys: SentKeys, recording: Recording) {
    this.#name = name;
    this.keys = keys;
    this.#recording = recording;
  }

  held({ generation, step, baseKey }: SharedKey = this.keys.shared): HeldKey {
    return { from: this.#name, stay: 's', generation, step, baseKey: Buffer.from(baseKey).toString('base64') };
  }

  /** A picture and a voice. */
  async send(at: number, encrypted = true): Promise<void> {
    this.#count += 1;
    const isKeyFrame = this.#count === 1;
    const picture = crypto.getRandomValues(new Uint8Array(PICTURE_BYTES));
    picture[0] = isKeyFrame ? 0x10 : 0x11;
    const voice = crypto.getRandomValues(new Uint8Array(60));
    const [sentPicture, sentVoice] = encrypted
      ? [await this.#encrypt('VP8', picture), await this.#encrypt('opus', voice)]
      : [picture, voice];
    this.digests.push(frameDigest(picture), frameDigest(voice));
    const timestamp = this.#count * 3_000;
    for (const packet of this.#streams.picture.packets(Buffer.from(sentPicture), timestamp))
      this.#recording.packets.push({ at, track: VP8, packet });
    const packet = this.#streams.voice.packet([Buffer.from(sentVoice)], timestamp, false);
    this.#recording.packets.push({ at, track: OPUS, packet });
  }

  async #encrypt(codec: 'VP8' | 'opus', frame: Bytes): Promise<Uint8Array> {
    const clear = clearBytes(codec, frame) ?? 0;
    const beside = frame.subarray(0, clear);
    return Buffer.concat([beside, await this.keys.encrypt(beside, frame.slice(clear))]);
  }
}

let recording: Recording;
let alice: Sender;
let bob: Sender;
/** Of Alice and Bob, each key that they shared with anybody. */
let shared: HeldKey[];

beforeEach(async () => {
  recording = {
    tracks: [
      { kind: 'video', codecs: { '96': 'video/VP8' } },
      { kind: 'audio', codecs: { '111': 'audio/opus' } },
    ],
    packets: [],
    told: [],
    fullAt: undefined,
    failures: [],
  };
  const suite = SUITES.AES_256_GCM_SHA512_128;
  [alice, bob] = [
    new Sender(ALICE, await SentKeys.make(suite), recording),
    new Sender(BOB, await SentKeys.make(suite), recording),
  ];
  shared = [alice.held(), bob.held()];
});

/** 5 frames of each before 100, a newcomer, 5 until 200, a leave, 5 until 300. */
async function playCall(): Promise<CallSecrets> {
  const sendAll = async (from: number): Promise<void> => {
    for (let count = 0; count < 5; count += 1) for (const sender of [alice, bob]) await sender.send(from + count);
  };
  const first = [...shared];
  await sendAll(1);
  for (const { keys } of [alice, bob]) await keys.ratchet();
  const second = [alice.held(), bob.held()];
  await sendAll(100);
  for (const { keys } of [alice, bob]) await keys.use(keys.next());
  await sendAll(200);
  return {
    senders: [...first, alice.held(), bob.held()],
    outsider: [
      new Sender('["@eve:localhost","E"]', await SentKeys.make(SUITES.AES_256_GCM_SHA512_128), recording).held(),
    ],
    exMember: first,
    newcomer: [...second, alice.held(), bob.held()],
    newcomerJoinedAt: 100,
    rekeyedAt: 200,
    sentDigests: new Set([...alice.digests, ...bob.digests]),
  };
}

const figures = async (change: Partial<CallSecrets> = {}) =>
  figuresOfRecording(recording, { ...(await playCall()), ...change });

describe('a recorded call', () => {
  it('is read by none but those who may, and by these wholly', async () => {
    const { frames, incomplete, unreadable, replays, inTheClear } = await figures();
    expect([frames, incomplete, unreadable, inTheClear]).toEqual([60, 0, 0, 0]);
    expect(replays).toEqual([
      { who: 'focus', frames: 60, decoded: 0, controlDecoded: 60 },
      { who: 'outsider', frames: 60, decoded: 0, controlDecoded: 60 },
      { who: 'ex_member', frames: 20, decoded: 0, controlDecoded: 20 },
      { who: 'newcomer', frames: 20, decoded: 0, controlDecoded: 20 },
    ]);
  });

  it('is longer than in the clear by what SFrame adds to each frame', async () => {
    const { bytes } = await figures();
    const added = bytes.encrypted - bytes.clear;
    // Header and tag: 16 bytes, and 2 to 4 of the header.
    expect(added).toBeGreaterThanOrEqual(60 * 17);
    expect(added).toBeLessThanOrEqual(60 * 20);
    expect(bytes.encrypted).toBe(recording.packets.reduce((sum, { packet }) => sum + packet.length, 0));
  });

  it('has nothing that nobody can read, but where a packet is lost', async () => {
    const secrets = await playCall();
    const lost = recording.packets.findIndex(({ track }) => track === VP8);
    recording.packets.splice(lost, 1);
    const { frames, incomplete, replays } = await figuresOfRecording(recording, secrets);
    expect([frames, incomplete, replays[0]?.controlDecoded]).toEqual([59, 1, 59]);
  });
});

describe('whoever must not read it', () => {
  it('is found out where it has a key after all', async () => {
    const secrets = await playCall();
    const decodedWith = async (change: Partial<CallSecrets>): Promise<number[]> =>
      (await figuresOfRecording(recording, { ...secrets, ...change })).replays.map(({ decoded }) => decoded);
    expect(await decodedWith({ outsider: secrets.exMember })).toEqual([0, 40, 0, 0]);
    expect(await decodedWith({ exMember: secrets.newcomer })).toEqual([0, 0, 20, 0]);
    expect(await decodedWith({ newcomer: secrets.exMember })).toEqual([0, 0, 0, 20]);
  });

  it('is found out where it has but one step of the key, whatever its key id is said to be', async () => {
    const secrets = await playCall();
    const [first] = secrets.exMember;
    if (first === undefined) throw new Error('no key');
    // Only as it is: from a step that is said to come later nobody goes on to the next.
    const { replays } = await figuresOfRecording(recording, {
      ...secrets,
      outsider: [{ ...first, generation: 9, step: 200 }],
    });
    expect(replays[1]).toMatchObject({ who: 'outsider', decoded: 10 });
  });

  it('is the focus, too, where it was told a key by a to-device message', async () => {
    const secrets = await playCall();
    const [first] = secrets.exMember;
    recording.told.push('m.call.invite', 'x'.repeat(5_000), first?.baseKey ?? '');
    const { replays } = await figuresOfRecording(recording, secrets);
    expect(replays[0]).toMatchObject({ who: 'focus', decoded: 10 });
  });
});

it('frames that were sent in the clear are noticed, and are not read by any key', async () => {
  const secrets = await playCall();
  await alice.send(300, false);
  const { inTheClear, replays } = await figuresOfRecording(recording, {
    ...secrets,
    sentDigests: new Set([...alice.digests, ...bob.digests]),
  });
  expect(inTheClear).toBe(2);
  expect(replays[0]).toMatchObject({ frames: 62, controlDecoded: 60 });
});

it('packets of other codecs, or of none, are counted and left', async () => {
  const secrets = await playCall();
  const strange: RecordedPacket[] = [
    { at: 1, track: VP8, packet: Uint8Array.of(1, 2, 3) },
    { at: 1, track: 7, packet: Buffer.from(new RtpStream(96).packet([Buffer.alloc(9)], 1, true)) },
    { at: 1, track: VP8, packet: Buffer.from(new RtpStream(45).packet([Buffer.alloc(9)], 1, true)) },
  ];
  recording.packets.push(...strange);
  const { frames, unreadable } = await figuresOfRecording(recording, secrets);
  expect([frames, unreadable]).toEqual([60, 3]);
});
