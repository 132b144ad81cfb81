/** The far side of app-data-receivers.ts: a program that is forked, told what to do, and reports. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DataChannel } from 'node-datachannel';
import type { MatrixDevice } from '../../loadtest/peers/call-place.ts';
import type { ReceivedData } from './app-data-figures.ts';
import { PROBE, readMessage } from './app-data-message.ts';
import { type DataPlace, DataPeer, LABELS } from './app-data-peer.ts';
import type { ReceiversCommand, ReceiversOptions, ReceiversReport } from './app-data-receivers.ts';

const REPORT_EVERY_MS = 200;
/** Between two joins: a homeserver has other work. */
const JOIN_EVERY_MS = 100;
const ASK_EVERY_MS = 50;
const LEAVES_WITHIN_MS = 5_000;

class Receiver {
  readonly data: DataPeer;
  readonly received: ReceivedData = {
    reliable: [],
    lossy: [],
    latenciesMs: [],
    excess: { count: 0, largestBytes: 0 },
  };
  readonly #labels: readonly string[];
  /** Labels of the channels on which something came. */
  readonly heard: string[] = [];
  /** The library drops a channel that nobody holds. */
  readonly #channels: DataChannel[] = [];

  constructor(place: DataPlace, user: MatrixDevice, labels: readonly string[]) {
    this.#labels = labels;
    this.data = new DataPeer(place, user, channel => this.#listen(channel));
  }

  async join(): Promise<void> {
    await this.data.peer.join();
    while (!this.data.peer.subscribeData(this.#labels)) await delay(ASK_EVERY_MS);
  }

  #listen(channel: DataChannel): void {
    this.#channels.push(channel);
    const label = channel.getLabel();
    const { excess } = this.received;
    let isHeard = false;
    channel.onMessage(message => {
      if (!Buffer.isBuffer(message)) return;
      if (!isHeard) this.heard.push(label);
      isHeard = true;
      const read = readMessage(message);
      if (read?.number === PROBE) return;
      if (label !== LABELS.excess) return this.#count(label, read);
      excess.count += 1;
      excess.largestBytes = Math.max(excess.largestBytes, message.length);
    });
  }

  #count(label: string, message: ReturnType<typeof readMessage>): void {
    if (message === undefined) return;
    const { reliable, lossy, latenciesMs } = this.received;
    (label === LABELS.reliable ? reliable : lossy).push(message.number);
    latenciesMs.push(message.tookMs);
  }
}

let receivers: Receiver[] = [];

function report(message: ReceiversReport): void {
  if (process.connected) process.send?.(message);
}

async function start({ users, watchers, baseUrl, room, focus }: ReceiversOptions): Promise<void> {
  const { reliable, lossy, excess } = LABELS;
  receivers = users.map((user, index) => {
    const labels = index < watchers ? [reliable, lossy, excess] : [reliable, lossy];
    return new Receiver({ baseUrl, room, focus }, user, labels);
  });
  // Ends with the process.
  setInterval(() => {
    const counts: Record<string, number> = {};
    for (const label of receivers.flatMap(({ heard }) => heard)) counts[label] = (counts[label] ?? 0) + 1;
    report({
      kind: 'heard',
      counts,
      failure: receivers.map(({ data }) => data.failure()).find(each => each !== undefined),
    });
  }, REPORT_EVERY_MS);
  await Promise.all(
    receivers.map(async (receiver, index) => {
      await delay(index * JOIN_EVERY_MS);
      await receiver.join();
    }),
  );
}

async function stop(): Promise<void> {
  await Promise.race([Promise.allSettled(receivers.map(({ data }) => data.peer.leave())), delay(LEAVES_WITHIN_MS)]);
  process.exit(0);
}

async function obey(command: ReceiversCommand): Promise<void> {
  switch (command.kind) {
    case 'start':
      return start(command.options);
    case 'tell':
      return report({ kind: 'received', received: receivers.map(({ received }) => received) });
    case 'stop':
      return stop();
  }
}

process.on('message', message => {
  obey(message as ReceiversCommand).catch((error: unknown) => {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});
// Whoever started it is gone.
process.once('disconnect', () => process.exit(0));
