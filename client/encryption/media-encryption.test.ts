/** Two pages with a worker each, whose browsers bring the frames. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EncryptionError } from './errors.ts';
import { MediaEncryption, type MediaEncryptionOptions } from './media-encryption.ts';
import type { ReceiveState } from './receive-state.ts';
import { senderOf } from './sender-id.ts';
import { FakeFrame, noise, opus, vp8 } from './testing/fake-frames.ts';
import { FakeEnd, FakeScriptTransform, FakeWorker } from './testing/fake-worker.ts';
import type { WitnessRecord } from './witness.ts';

const ALICE = senderOf({ userId: '@alice:x', deviceId: 'A' });

class WithTransform {
  declare transform: null;
}
Object.defineProperty(WithTransform.prototype, 'transform', { value: null, configurable: true });
class WithStreams {
  createEncodedStreams(): undefined {
    return undefined;
  }
}

function browser(ways: 'script' | 'streams' | 'none', secure = true): void {
  vi.stubGlobal('isSecureContext', secure);
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('RTCRtpSender', { script: WithTransform, streams: WithStreams, none: class {} }[ways]);
  vi.stubGlobal('RTCRtpScriptTransform', ways === 'script' ? FakeScriptTransform : undefined);
}

interface Page {
  readonly encryption: MediaEncryption;
  readonly worker: FakeWorker;
  readonly states: [RTCRtpReceiver, ReceiveState][];
  readonly failures: string[];
}

let pages: Page[];

function open(options: Partial<MediaEncryptionOptions> = {}): Page {
  const worker = new FakeWorker();
  const states: Page['states'] = [];
  const failures: string[] = [];
  const fake: unknown = worker;
  const encryption = new MediaEncryption(
    { received: (...told) => states.push(told), failed: ({ code }) => failures.push(code) },
    { startWorker: () => fake as FakeWorker & Worker, ...options },
  );
  const page = { encryption, worker, states, failures };
  pages.push(page);
  return page;
}

/** With frames of their own in the way that the browser has. */
function endOf(page: Page, kind: 'audio' | 'video'): FakeEnd & RTCRtpSender & RTCRtpReceiver {
  const end: unknown = new FakeEnd(kind);
  return end as FakeEnd & RTCRtpSender & RTCRtpReceiver;
}

/** What the browser does with a transform. */
function run(end: FakeEnd, ask?: () => Promise<void>): void {
  end.transform?.worker.transform(end.transform.options, end.streams, ask);
}

beforeEach(() => {
  pages = [];
  browser('script');
});
afterEach(() => {
  for (const { encryption } of pages) encryption.close();
  vi.unstubAllGlobals();
});

/** A page that sends to one that receives, with keys. */
async function pair(kind: 'audio' | 'video' = 'video', options: Partial<MediaEncryptionOptions> = {}) {
  const [alice, bob] = [open(options), open(options)];
  const [sender, receiver] = [endOf(alice, kind), endOf(bob, kind)];
  alice.encryption.send(sender, kind);
  bob.encryption.receive(receiver);
  bob.encryption.bind(receiver, ALICE);
  bob.encryption.addKey(ALICE, 'stay', await alice.encryption.keys.shared());
  run(sender);
  run(receiver);
  /** Over the network. */
  const carry = async (frame: FakeFrame): Promise<void> => {
    const before = sender.streams.out.length;
    sender.streams.put(frame);
    await expect.poll(() => sender.streams.out.length).toBe(before + 1);
    receiver.streams.put(frame.arrived());
  };
  return { alice, bob, sender, receiver, carry };
}

describe('the way', () => {
  it('is the one that the browser has, and none in a page that is not of a secure origin', () => {
    expect(MediaEncryption.way()).toBe('script');
    browser('streams');
    expect(MediaEncryption.way()).toBe('streams');
    browser('none');
    expect(MediaEncryption.way()).toBeUndefined();
    expect(() => open()).toThrow(EncryptionError);
    browser('script', false);
    expect(MediaEncryption.way()).toBeUndefined();
    browser('script');
    expect(() => open({ way: 'streams' })).toThrow(EncryptionError);
  });

  it('says what a connection needs', () => {
    expect(open().encryption.connectionOptions()).toEqual({});
    browser('streams');
    expect(open().encryption.connectionOptions()).toEqual({ encodedInsertableStreams: true });
  });

  it('is taken once for each sender and receiver, at once', () => {
    const page = open();
    const [sender, receiver] = [endOf(page, 'audio'), endOf(page, 'video')];
    page.encryption.send(sender, 'audio');
    page.encryption.receive(receiver);
    const first = [sender.transform, receiver.transform];
    expect(first.map(transform => transform?.options)).toEqual([
      { track: 1, direction: 'send', kind: 'audio' },
      { track: 2, direction: 'receive', kind: 'video' },
    ]);
    page.encryption.send(sender, 'audio');
    page.encryption.bind(receiver, ALICE);
    expect([sender.transform, receiver.transform]).toEqual(first);
  });

  it('that a browser refuses is an error, and a receiver is stopped', () => {
    browser('streams');
    const { encryption } = open();
    const [sender, receiver] = [endOf(open(), 'video'), endOf(open(), 'video')];
    expect(() => encryption.send(sender, 'video')).toThrow(EncryptionError);
    expect(() => encryption.receive(receiver)).toThrow(EncryptionError);
    expect(receiver.track).toMatchObject({ stopped: true });
  });
});

describe('two pages', () => {
  it.each(['audio', 'video'] as const)('carry %s, encrypted on its way', async kind => {
    const { carry, receiver, bob } = await pair(kind);
    const frame = kind === 'audio' ? opus() : vp8('key');
    const { bytes } = frame;
    await carry(frame);
    expect(frame.bytes).not.toEqual(bytes);
    await expect.poll(() => receiver.streams.out.map(({ data }) => new Uint8Array(data))).toEqual([bytes]);
    expect(bob.states).toEqual([[receiver, { kind: 'decrypted' }]]);
  });

  it('carry it by streams of the page, where it has no other way', async () => {
    browser('streams');
    const [alice, bob] = [open(), open()];
    const withStreams = (end: FakeEnd) => Object.assign(end, { createEncodedStreams: () => end.streams });
    const [sender, receiver] = [endOf(alice, 'video'), endOf(bob, 'video')];
    withStreams(sender);
    withStreams(receiver);
    alice.encryption.send(sender, 'video');
    bob.encryption.bind(receiver, ALICE);
    bob.encryption.addKey(ALICE, 'stay', await alice.encryption.keys.shared());
    const frame = vp8('key');
    const { bytes } = frame;
    sender.streams.put(frame);
    await expect.poll(() => sender.streams.out.length).toBe(1);
    expect(frame.bytes).not.toEqual(bytes);
    receiver.streams.put(frame.arrived());
    await expect.poll(() => receiver.streams.out.map(({ data }) => new Uint8Array(data))).toEqual([bytes]);
  });

  it('ask for the codecs where frames do not name them, and are told once they are known', async () => {
    const { sender, receiver, alice } = await pair('video');
    const frame = (): FakeFrame => new FakeFrame(vp8('key').bytes, { payloadType: 97 }, 'key');
    const refused = async () => (await alice.encryption.statistics()).senders.get(sender)?.refused.get('codec');
    sender.streams.put(frame(), frame(), frame());
    await expect.poll(refused).toBe(3);
    expect(alice.worker.said.filter(type => type === 'codecs')).toHaveLength(1);
    sender.codecs = [{ payloadType: 97, mimeType: 'video/VP8' }];
    await expect
      .poll(() => {
        sender.streams.put(frame());
        return sender.streams.out.length;
      })
      .toBeGreaterThan(0);
    expect(receiver.streams.out).toEqual([]);
  });

  it('follow the key: a step by itself, the next once it is told', async () => {
    const { alice, bob, carry, receiver } = await pair('audio');
    const { keys } = alice.encryption;
    await carry(opus());
    expect(await keys.ratchet()).toMatchObject({ generation: 0, step: 1 });
    await carry(opus());
    const next = await keys.next();
    expect(next).toMatchObject({ generation: 1, step: 0 });
    expect(await keys.shared()).toMatchObject({ generation: 0, step: 1 });
    await carry(opus());
    await expect.poll(() => receiver.streams.out.length).toBe(3);
    expect(bob.encryption.addKey(ALICE, 'stay', next)).toBe(true);
    await keys.use(next);
    expect(await keys.shared()).toEqual(next);
    await carry(opus());
    await expect.poll(() => receiver.streams.out.length).toBe(4);
    expect(bob.states.map(([, { kind }]) => kind)).toEqual(['decrypted']);
  });

  it('have nothing to do with the keys of an earlier stay, and begin anew with a later one', async () => {
    const { bob, carry, receiver, sender } = await pair('audio');
    await carry(opus());
    await expect.poll(() => receiver.streams.out.length).toBe(1);
    const late = opus();
    sender.streams.put(late);
    await expect.poll(() => sender.streams.out.length).toBe(2);
    const again = open();
    bob.encryption.addKey(ALICE, 'another stay', await again.encryption.keys.shared());
    receiver.streams.put(late.arrived());
    // By the key of the new stay, or before that is ready.
    const refused = async () => [
      ...((await bob.encryption.statistics()).receivers.get(receiver)?.refused.values() ?? []),
    ];
    await expect.poll(refused).toEqual([1]);
    const hers = endOf(again, 'audio');
    again.encryption.send(hers, 'audio');
    run(hers);
    const frame = opus();
    hers.streams.put(frame);
    await expect.poll(() => hers.streams.out.length).toBe(1);
    receiver.streams.put(frame.arrived());
    await expect.poll(() => receiver.streams.out.length).toBe(2);
  });

  it('keep their windows where a receiver is bound to the same again', async () => {
    const { bob, receiver, sender } = await pair('audio');
    const frame = opus();
    sender.streams.put(frame);
    await expect.poll(() => sender.streams.out.length).toBe(1);
    receiver.streams.put(frame.arrived());
    await expect.poll(() => receiver.streams.out.length).toBe(1);
    bob.encryption.bind(receiver, ALICE);
    receiver.streams.put(frame.arrived());
    const refused = async () =>
      [...(await bob.encryption.statistics()).receivers.values()].map(one => [...one.refused]);
    await expect.poll(refused).toEqual([[['replayed', 1]]]);
  });

  it('count what they did, until it is detached or forgotten', async () => {
    const { alice, bob, carry, sender, receiver } = await pair('video');
    await carry(vp8('key'));
    sender.streams.put(new FakeFrame(noise(50), { mimeType: 'video/H264' }));
    const sent = async () => (await alice.encryption.statistics()).senders.get(sender);
    await expect.poll(sent).toEqual({ encrypted: 1, empty: 0, refused: new Map([['codec', 1]]) });
    const received = async () => (await bob.encryption.statistics()).receivers.get(receiver);
    await expect.poll(received).toEqual({ decrypted: 1, refused: new Map() });
    bob.encryption.forget(ALICE);
    await carry(vp8());
    await expect.poll(received).toEqual({ decrypted: 1, refused: new Map([['no_key', 1]]) });
    alice.encryption.detach(sender);
    expect(await sent()).toBeUndefined();
    sender.streams.put(vp8('key'));
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(sender.streams.out).toHaveLength(2);
  });

  it('refuse what cannot be a key', async () => {
    const { encryption } = open();
    const key = await encryption.keys.shared();
    const { baseKey } = key;
    expect(encryption.addKey(ALICE, 'stay', key)).toBe(true);
    for (const wrong of [
      { baseKey: baseKey.slice(1) },
      { baseKey: new Uint8Array() },
      { generation: -1 },
      { generation: 0.5 },
      { generation: 2 ** 60 },
      { step: 256 },
      { step: -1 },
      { step: Number.NaN },
    ])
      expect(encryption.addKey(ALICE, 'stay', { ...key, ...wrong })).toBe(false);
  });

  it('tell a witness, where there is one', async () => {
    const records: WitnessRecord[] = [];
    const { carry } = await pair('video', { witness: some => records.push(...some) });
    await carry(vp8('key'));
    await expect.poll(() => records.map(({ direction }) => direction).sort()).toEqual(['receive', 'send']);
    expect(new Set(records.map(({ digest }) => digest)).size).toBe(1);
  });
});

describe('a failure', () => {
  it('of our own key is told whoever asked', async () => {
    const { keys } = open().encryption;
    const next = await keys.next();
    await keys.use(next);
    await expect(keys.use(next)).rejects.toMatchObject({ name: 'EncryptionError', code: 'key_used_up' });
    for (let step = 0; step < 255; step += 1) await keys.ratchet();
    await expect(keys.ratchet()).rejects.toMatchObject({ code: 'key_used_up' });
  });

  it('of the worker ends it: nothing is sent any more, whoever waits is told, and the page once', async () => {
    const { alice, sender } = await pair('video');
    const waiting = alice.encryption.keys.shared();
    alice.worker.dispatchEvent(Object.assign(new Event('error'), { message: 'Script error' }));
    alice.worker.dispatchEvent(new Event('messageerror'));
    expect([alice.worker.terminated, alice.failures]).toEqual([true, ['worker_failed']]);
    await expect(waiting).rejects.toMatchObject({ code: 'worker_failed', message: 'Script error' });
    await expect(alice.encryption.statistics()).rejects.toMatchObject({ code: 'worker_failed' });
    // Whatever comes later is given to a worker that is not there.
    const later = endOf(alice, 'video');
    alice.encryption.send(later, 'video');
    expect(later.transform).not.toBeNull();
    expect(sender.transform).not.toBeNull();
  });

  it('to make a key is one of the worker', async () => {
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('no', 'NotSupportedError'));
    const { worker, failures, encryption } = open();
    await expect(encryption.keys.shared()).rejects.toBeInstanceOf(EncryptionError);
    await expect.poll(() => failures).toEqual(['unsupported']);
    expect(worker.terminated).toBe(true);
    vi.restoreAllMocks();
  });

  it('is not that it was closed', async () => {
    const { encryption, worker, failures } = open();
    const waiting = encryption.keys.shared();
    encryption.close();
    encryption.close();
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await expect(encryption.keys.ratchet()).rejects.toMatchObject({ code: 'closed' });
    expect([worker.terminated, failures]).toEqual([true, []]);
  });
});
