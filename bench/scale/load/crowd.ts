/** Peers in a call of a focus: who publishes, and many who only receive. */
import { DatachannelEndpoint } from '../../../loadtest/peers/datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents } from '../../../loadtest/peers/endpoint.ts';
import { LightPeer } from '../../../loadtest/peers/light-peer.ts';
import type { MatrixDevice } from '../../../loadtest/peers/call-place.ts';
import { type FocusDoor, FocusLine } from '../../../loadtest/peers/focus-line.ts';
import { HomeserverLink } from '../../../loadtest/peers/homeserver-link.ts';
import type { SignallingLink } from '../../../loadtest/peers/signalling-link.ts';
import { until } from '../../../loadtest/peers/until.ts';
import type { CallPlace } from '../place.ts';
import { PacedSource } from './paced-source.ts';
import type { PeerStack } from '../../../loadtest/peers/reporting-endpoint.ts';

/** Joins at a time: a homeserver has other work. */
const JOINS_AT_ONCE = 6;
const CONNECTS_WITHIN_MS = 30_000;

export interface PacedSources {
  audio: PacedSource;
  video: PacedSource;
}

/** An endpoint that publishes what the bench asks for; its sources are there once it has tracks. */
export function pacedEndpoint(events: EndpointEvents): { endpoint: Endpoint; sources(): PacedSources } {
  const made: Partial<PacedSources> = {};
  const endpoint = new DatachannelEndpoint(events, {
    source: (kind, send) => (made[kind] = new PacedSource(kind, send)),
  });
  return {
    endpoint,
    sources: () => {
      const { audio, video } = made;
      if (audio === undefined || video === undefined) throw new Error('it has no tracks yet');
      return { audio, video };
    },
  };
}

/** A peer that publishes a paced camera and microphone; it has yet to join. */
export function pacedPublisher(place: CallPlace, user: MatrixDevice): { peer: LightPeer; sources: PacedSources } {
  let made: ReturnType<typeof pacedEndpoint> | undefined;
  const peer = new LightPeer({
    ...place,
    user,
    subscribe: 'nothing',
    unlisted: true,
    namesRoom: true,
    endpoint: events => {
      made = pacedEndpoint(events);
      return made.endpoint;
    },
  });
  if (made === undefined) throw new Error('no endpoint');
  return { peer, sources: made.sources() };
}

/** A viewer of all that is published. */
export class Viewer {
  readonly peer: LightPeer;
  /** Both on the monotonic clock in ms: the join, and the first RTP packet. */
  #joinsAt = 0;
  #firstPacketAt: number | undefined;

  /** By to-device messages unless the focus has a door. */
  constructor(place: CallPlace, user: MatrixDevice, stack: PeerStack, door?: FocusDoor) {
    this.peer = new LightPeer({
      ...place,
      user,
      ...(door === undefined ? {} : { link: lineOf(place, user, door) }),
      viewsOnly: true,
      // A user's member event would hold one of its devices alone.
      unlisted: true,
      namesRoom: true,
      endpoint: events =>
        stack.endpoint({
          ...events,
          packet: (track, count) => {
            this.#firstPacketAt ??= performance.now();
            events.packet(track, count);
          },
        }),
    });
  }

  /** From the first request of the join to the first packet, ms; undefined where there was none. */
  get firstMediaMs(): number | undefined {
    return this.#firstPacketAt === undefined ? undefined : this.#firstPacketAt - this.#joinsAt;
  }

  /** Joins, and waits until something of every track of the publisher has arrived. */
  async join(publisher: LightPeer): Promise<void> {
    const { peer } = this;
    this.#joinsAt = performance.now();
    await peer.join();
    await until('a viewer receives', CONNECTS_WITHIN_MS, () => {
      const { hangup, seen } = peer;
      if (hangup !== undefined) throw new Error(`a viewer was hung up: ${hangup.code ?? hangup.reason}`);
      if (seen.unreadable[0] !== undefined) throw new Error(seen.unreadable[0]);
      return peer.missing([publisher]).length === 0;
    });
  }
}

function lineOf({ baseUrl, focus, room }: CallPlace, user: MatrixDevice, door: FocusDoor): SignallingLink {
  const homeserver = new HomeserverLink(baseUrl, user);
  return new FocusLine({
    door,
    focusUserId: focus.userId,
    roomId: room.roomId,
    confId: room.confId,
    deviceId: user.deviceId,
    openIdToken: () => homeserver.openIdToken(),
    sendState: (...state) => homeserver.sendState(...state),
  });
}

/** Does it for each, some at a time, in order. The first failure ends it. */
export async function inTurns<T extends NonNullable<unknown>>(
  all: readonly T[],
  work: (one: T, index: number) => Promise<void>,
  signal: AbortSignal,
  atOnce = JOINS_AT_ONCE,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      signal.throwIfAborted();
      const index = next;
      next += 1;
      const one = all[index];
      if (one !== undefined) await work(one, index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
