/** Clients that do with data channels what they like: it is answered where it can be, and others do not notice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PPID, writeOpen } from '../../src/media/data-channels/dcep.ts';
import { codesTold, DataCall, say, told } from './data-call.ts';
import type { DataClient, SeenChannel } from './data-peer.ts';
import { eventually } from './harness.ts';
import { RawDataClient } from './raw-data-client.ts';

const LOSSY = { unordered: true, maxRetransmits: 0 };
const LABEL = 'positions';

let call: DataCall;
let bystanders: Bystanders;

beforeEach(async () => {
  call = await DataCall.start('alice', 'bob', 'mallory');
  bystanders = await Bystanders.join(call);
});

afterEach(async () => {
  bystanders.stop();
  await call.close();
});

/** Alice says something 20 times a second on a reliable channel, Bob listens. */
class Bystanders {
  readonly alice: DataClient;
  readonly bob: DataClient;
  readonly #seen: SeenChannel;
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #longestMs = 0;

  static async join(of: DataCall): Promise<Bystanders> {
    const [alice, bob] = [await of.join('alice'), await of.join('bob')];
    say(bob, { kind: 'data_subscription', labels: [LABEL] });
    const channel = alice.open(LABEL);
    const seen = await eventually('the channel at Bob', () => bob.received[0]);
    await eventually('something of it', () => {
      channel.channel.sendMessage('probe');
      return seen.messages.length > 0;
    });
    channel.channel.sendMessage('last probe');
    await eventually('the last probe', () => seen.messages.includes('last probe'));
    seen.messages.length = 0;
    return new Bystanders(alice, bob, channel, seen);
  }

  private constructor(alice: DataClient, bob: DataClient, channel: SeenChannel, seen: SeenChannel) {
    [this.alice, this.bob, this.#seen] = [alice, bob, seen];
    let before = performance.now();
    seen.channel.onMessage(message => {
      seen.messages.push(typeof message === 'string' ? message : '');
      const now = performance.now();
      this.#longestMs = Math.max(this.#longestMs, now - before);
      before = now;
    });
    this.#timer = setInterval(() => {
      if (channel.channel.isOpen()) channel.channel.sendMessage(`message ${this.#sent}`);
      this.#sent += 1;
    }, 50);
  }

  /** All of it came, in order, and nobody was told of anything. */
  async areUndisturbed(): Promise<void> {
    this.stop();
    const all = Array.from({ length: this.#sent }, (_, index) => `message ${index}`);
    await eventually('all messages', () => this.#seen.messages.length >= all.length);
    expect(this.#seen.messages).toEqual(all);
    expect(this.#seen.isClosed).toBe(false);
    expect([...codesTold(this.alice), ...codesTold(this.bob)]).toEqual([]);
    expect(this.#longestMs).toBeLessThan(2_000);
    for (const name of ['alice', 'bob']) expect(call.sentTo(name)).toEqual(['m.call.answer']);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Who did wrong is still in the call, and heard. */
async function isStillHeard(client: Pick<DataClient, 'control' | 'sendControl'>): Promise<void> {
  const pongs = (): number => told(client).filter(({ kind }) => kind === 'pong').length;
  const before = pongs();
  await eventually('an answer', () => {
    say(client, { kind: 'ping' });
    return pongs() > before;
  });
  expect(call.sentTo('mallory')).toEqual(['m.call.answer']);
}

/** As many channels as its stack lets it have. */
function openMany(client: DataClient, label: string, count: number): SeenChannel[] {
  const opened: SeenChannel[] = [];
  try {
    while (opened.length < count) opened.push(client.open(label));
  } catch {
    // Those that it closed are not all gone yet.
  }
  return opened;
}

describe('channels', () => {
  it('that are opened and closed by the thousand are refused but for a few', async () => {
    const mallory = await call.join('mallory');
    say(bystanders.bob, { kind: 'data_subscription', labels: [LABEL, 'flood'] });
    let opened = 0;
    const end = Date.now() + 15_000;
    while (opened < 3_000 && Date.now() < end) {
      const channels = openMany(mallory, 'flood', 30);
      opened += channels.length;
      for (const { channel } of channels) channel.close();
      await sleep(20);
    }
    await eventually('it is told', () => codesTold(mallory).includes('WEIR_DATA_LIMIT'));
    expect(new Set(codesTold(mallory))).toEqual(new Set(['WEIR_DATA_LIMIT']));
    const accepted = call.meters.counts.get('data channel accepted') ?? 0;
    expect(accepted).toBeLessThan(opened / 10);
    await isStillHeard(mallory);
    await bystanders.areUndisturbed();
  }, 60_000);

  it.each([
    ['within the streams that are listened on', 4],
    ['beyond them', 600],
    ['on the streams of the focus', 3],
  ])('that are `negotiated` reach nobody: %s', async (_, id) => {
    const mallory = await call.join('mallory');
    say(bystanders.bob, { kind: 'data_subscription', labels: [LABEL, 'agreed'] });
    say(mallory, { kind: 'data_subscription', labels: [LABEL] });
    await eventually('it listens', () => mallory.received.length > 0);
    const { channel } = mallory.open('agreed', { negotiated: true, id });
    await eventually('it looks open', () => channel.isOpen());
    for (let count = 0; count < 200; count += 1) channel.sendMessage(`message ${count}`);
    await isStillHeard(mallory);
    expect(bystanders.bob.received).toHaveLength(1);
    expect(codesTold(mallory)).toEqual([]);
    await bystanders.areUndisturbed();
  });
});

describe('messages', () => {
  it.each([
    ['a reliable', {}],
    ['a lossy', LOSSY],
  ])(
    'of 10 MB on %s channel, forty times as large as the focus says it takes, harm nobody but their sender',
    async (_, options) => {
      const mallory = await call.joinHeedless('mallory', 16_000_000);
      say(bystanders.bob, { kind: 'data_subscription', labels: [LABEL, 'huge'] });
      const huge = mallory.open('huge', options);
      const seen = await eventually('the channel at Bob', () => bystanders.bob.received[1]);
      await eventually('something of it', () => {
        if (huge.channel.isOpen()) huge.channel.sendMessage('small');
        return seen.messages.length > 0;
      });
      huge.channel.sendMessageBinary(Buffer.alloc(10_000_000));
      await sleep(3_000);
      expect(seen.messages.every(message => message === 'small')).toBe(true);
      await bystanders.areUndisturbed();
    },
  );

  it('that a subscriber does not take end its reliable channel alone, and it is told', async () => {
    const slow = await call.join('mallory', true);
    say(slow, { kind: 'data_subscription', labels: ['firehose'] });
    say(bystanders.bob, { kind: 'data_subscription', labels: [LABEL, 'firehose'] });
    const firehose = bystanders.alice.open('firehose');
    const [seen, stalled] = [
      await eventually('it is at Bob', () => bystanders.bob.received[1]),
      await eventually('it is at the slow one', () => slow.received[0]),
    ];
    await eventually('something of it', () => {
      firehose.channel.sendMessage('probe');
      return [seen, stalled].every(({ messages }) => messages.length > 0);
    });
    slow.stall(true);
    let sent = 0;
    const end = Date.now() + 6_000;
    while (Date.now() < end) {
      firehose.channel.sendMessageBinary(Buffer.alloc(20_000));
      sent += 1;
      await sleep(100);
    }
    slow.stall(false);
    await eventually('it is told', () => codesTold(slow).includes('WEIR_DATA_OVERFLOW'));
    await eventually('it is rid of the channel', () => stalled.isClosed);
    const large = (): number => seen.messages.filter(({ length }) => length === 20_000).length;
    await eventually('all of it at the other', () => large() === sent);
    // It asks for less, or again.
    say(slow, { kind: 'data_subscription', labels: ['firehose'] });
    await eventually('it has it again', () => slow.received.length > 1);
    await isStillHeard(slow);
    await bystanders.areUndisturbed();
  }, 60_000);
});

describe('what opens a channel', () => {
  it('may be garbage on any stream, and is dropped', async () => {
    const mallory = new RawDataClient();
    call.own(mallory);
    await mallory.join(offer => call.invite('mallory', offer));
    const open = writeOpen({ label: 'label', protocol: 'protocol', ordered: true, reliable: true });
    const longer = Buffer.from(open);
    longer.writeUInt16BE(0xffff, 8);
    const garbage = [
      Buffer.from([3]),
      Buffer.from([2]),
      Buffer.from([0]),
      open.subarray(0, -1),
      longer,
      Buffer.alloc(2_000, 0xff),
    ];
    for (const streamId of [1, 2, 3, 9, 201, 65_533])
      for (const message of garbage) await mallory.send(streamId, PPID.dcep, message);
    for (const ppid of [0, 1, 52, 54, 0xffff_ffff]) await mallory.send(3, ppid, Buffer.from('neither text nor bytes'));
    await isStillHeard(mallory);
    expect(codesTold(mallory)).toEqual([]);
    expect(call.meters.counts.get('data channel accepted')).toBe(1);
    await bystanders.areUndisturbed();
  });

  it('may name a label of 60,000 bytes, one that is no text, or a type that nobody knows', async () => {
    const mallory = new RawDataClient();
    call.own(mallory);
    await mallory.join(offer => call.invite('mallory', offer));
    const plain = { protocol: '', ordered: true, reliable: true };
    await mallory.send(3, PPID.dcep, writeOpen({ ...plain, label: 'x'.repeat(60_000) }));
    await eventually('it is refused', () => codesTold(mallory).includes('WEIR_DATA_LIMIT'));
    const noText = writeOpen({ ...plain, label: 'ab' });
    noText.subarray(-2).fill(0xff);
    await mallory.send(5, PPID.dcep, noText);
    const noType = writeOpen({ ...plain, label: 'a' });
    noType[1] = 0x7f;
    await mallory.send(7, PPID.dcep, noType);
    await eventually('both are taken', () => call.meters.counts.get('data channel accepted') === 3);
    await isStillHeard(mallory);
    await bystanders.areUndisturbed();
  });

  it('may come again and again on one stream', async () => {
    const mallory = new RawDataClient();
    call.own(mallory);
    await mallory.join(offer => call.invite('mallory', offer));
    const open = writeOpen({ label: LABEL, protocol: '', ordered: true, reliable: true });
    for (let count = 0; count < 2_000; count += 1) await mallory.send(3, PPID.dcep, open);
    await eventually('it is told', () => codesTold(mallory).includes('WEIR_DATA_LIMIT'));
    await isStillHeard(mallory);
    expect(call.meters.counts.get('data channel accepted')).toBeLessThan(100);
    await bystanders.areUndisturbed();
  });
});
