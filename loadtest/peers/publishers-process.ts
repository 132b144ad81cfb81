/** The far side of publishers.ts: a program that is forked, told what to do, and reports. */
import { setTimeout as delay } from 'node:timers/promises';
import { writeControl } from '../../signalling/wire/control.ts';
import { DatachannelEndpoint } from './datachannel-endpoint.ts';
import { LightPeer } from './light-peer.ts';
import type { PublishersCommand, PublishersOptions, PublishersReport, PublisherStatus } from './publishers.ts';
import { viaRelay } from './via-relay.ts';

const REPORT_EVERY_MS = 500;
const MOST_ERRORS = 5;
/** The focus waits for 9 s. */
const FLOOR_RENEW_MS = 3_000;
/** Homeservers are slow to take a thousand hangups. */
const LEAVES_WITHIN_MS = 5_000;

class Publisher {
  readonly peer: LightPeer;
  readonly #endpoint: DatachannelEndpoint;

  constructor(options: PublishersOptions, user: PublishersOptions['users'][number]) {
    const { baseUrl, room, focus, media = 'recorded', subscribe = 'nothing', relay, bindAddress } = options;
    let made: DatachannelEndpoint | undefined;
    this.peer = new LightPeer({
      baseUrl,
      user,
      room,
      focus,
      subscribe,
      obeysLayersWanted: options.obeyLayersWanted !== false,
      endpoint: events => {
        made = new DatachannelEndpoint(events, { media, ...(bindAddress === undefined ? {} : { bindAddress }) });
        return made;
      },
      ...(relay === undefined ? {} : { rewriteCandidates: sdp => viaRelay(sdp, relay) }),
    });
    if (made === undefined) throw new Error('no endpoint');
    this.#endpoint = made;
  }

  status(): PublisherStatus {
    const { peer } = this;
    const errors = [...peer.seen.errors.map(({ code }) => code), ...peer.seen.unreadable];
    return {
      userId: peer.call.userId,
      streamId: peer.streamId,
      tracks: peer.tracks(),
      connected: peer.isConnected(),
      sent: this.#endpoint.sent(),
      received: peer.receivedInAll(),
      hangup: peer.hangup === undefined ? undefined : (peer.hangup.code ?? peer.hangup.reason),
      errors: errors.slice(-MOST_ERRORS),
    };
  }
}

function report(message: PublishersReport): void {
  if (process.connected) process.send?.(message);
}

function fail(error: unknown): void {
  report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

let publishers: Publisher[] = [];

async function start(options: PublishersOptions): Promise<void> {
  const { users, joinEveryMs = 0, reportEveryMs = REPORT_EVERY_MS } = options;
  publishers = users.map(user => new Publisher(options, user));
  // Ends with the process.
  setInterval(() => {
    report({ kind: 'status', publishers: publishers.map(publisher => publisher.status()) });
  }, reportEveryMs);
  const joins = publishers.map(async ({ peer }, index) => {
    await delay(index * joinEveryMs);
    await peer.join();
  });
  await Promise.all(joins);
  report({ kind: 'joined' });
}

async function stop(): Promise<void> {
  const left = Promise.allSettled(publishers.map(({ peer }) => peer.leave()));
  await Promise.race([left, delay(LEAVES_WITHIN_MS)]);
  process.exit(0);
}

/** Ends with the process. */
function press(peer: LightPeer): void {
  const ask = (): boolean => peer.sayOnControl(writeControl({ kind: 'floor_request' }));
  ask();
  setInterval(ask, FLOOR_RENEW_MS);
}

async function obey(command: PublishersCommand): Promise<void> {
  if (command.kind === 'start') return start(command.options);
  if (command.kind === 'stop') return stop();
  const peer = publishers[command.publisher]?.peer;
  if (peer === undefined) throw new Error(`no publisher ${command.publisher}`);
  switch (command.kind) {
    case 'layers': {
      const camera = peer.tracks()[1];
      if (camera !== undefined) peer.setLayers(camera, command.active);
      break;
    }
    case 'mute':
      peer.setMuted(command.what, command.muted);
      break;
    case 'press':
      press(peer);
      break;
    case 'leave':
      await peer.leave();
      break;
    case 'vanish':
      await peer.vanish();
      break;
  }
}

process.on('message', message => {
  obey(message as PublishersCommand).catch(fail);
});
// Whoever started it is gone.
process.once('disconnect', () => process.exit(0));
