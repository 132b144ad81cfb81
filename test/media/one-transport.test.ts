import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AnsweredOffer, Media, OfferedTrack, Peer } from '../../src/ports.ts';
import type { ConferenceKey, SessionKey } from '../../src/session.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { type Endpoint, type EndpointEvents, keyOf, type TrackIds } from '../../loadtest/peers/endpoint.ts';
import { eventually, newConference, offered, openPeer, type PeerLog, startMedia } from './harness.ts';
import { WeriftEndpoint } from '../peers/werift-endpoint.ts';

/** A peer of a stack with one transport, and its twin in the focus. */
class StackPeer {
  readonly endpoint: Endpoint;
  readonly peer: Peer;
  readonly log: PeerLog;
  readonly session: SessionKey;
  readonly packets = new Map<string, number>();
  readonly control: string[] = [];
  answered: AnsweredOffer | undefined;

  private constructor(
    opened: { peer: Peer; log: PeerLog; session: SessionKey },
    make: (events: EndpointEvents) => Endpoint,
  ) {
    ({ peer: this.peer, log: this.log, session: this.session } = opened);
    this.endpoint = make({
      control: text => this.control.push(text),
      controlOpen: () => undefined,
      controlClosed: () => undefined,
      packet: track => this.packets.set(keyOf(track), (this.packets.get(keyOf(track)) ?? 0) + 1),
    });
  }

  static async join(
    media: Media,
    conference: ConferenceKey,
    name: string,
    make: (events: EndpointEvents) => Endpoint,
  ): Promise<StackPeer> {
    const joined = new StackPeer(await openPeer(media, conference, name), make);
    for (const kind of ['audio', 'video'] as const) {
      joined.endpoint.send({ kind, streamId: `${name}-stream`, trackId: `${name}-${kind}`, direction: 'sendonly' });
    }
    await joined.offer();
    await eventually('control channel', () => joined.log.controlOpen === 1);
    return joined;
  }

  async offer(): Promise<AnsweredOffer> {
    const answered = await this.peer.answer(await this.endpoint.offer());
    this.answered = answered;
    await this.endpoint.takeAnswer(answered.sdp);
    if (answered.offerDue === true) await this.receive([]);
    return answered;
  }

  async receive(tracks: OfferedTrack[]): Promise<string> {
    const { sdp } = await this.peer.offer(tracks);
    await this.peer.accept(await this.endpoint.answer(sdp));
    return sdp;
  }

  tracks(): OfferedTrack[] {
    return (this.answered?.published ?? []).map(({ ref, kind }) =>
      offered(ref, this.session, kind === 'video' ? 0 : undefined),
    );
  }

  /** Packets of a track that came. */
  count(track: TrackIds): number {
    return this.packets.get(keyOf(track)) ?? 0;
  }

  /** The video that it publishes; stacks may change the track id that they are asked for. */
  video(): TrackIds {
    const video = this.answered?.published.find(({ kind }) => kind === 'video');
    if (video === undefined) throw new Error('publishes no video');
    return video.ref;
  }

  close(): void {
    this.endpoint.close();
    this.peer.close();
  }
}

const STACKS: [string, (events: EndpointEvents) => Endpoint][] = [
  ['libdatachannel', events => new DatachannelEndpoint(events)],
  ['werift', events => new WeriftEndpoint(events)],
];

describe.each(STACKS)('%s', (_name, make) => {
  let media: Media;
  const open: StackPeer[] = [];

  beforeAll(async () => {
    media = await startMedia();
  });

  afterEach(() => {
    for (const peer of open.splice(0)) peer.close();
  });

  afterAll(() => media.close());

  async function pair(): Promise<[StackPeer, StackPeer]> {
    const conference = newConference();
    const alice = await StackPeer.join(media, conference, 'alice', make);
    open.push(alice);
    const bob = await StackPeer.join(media, conference, 'bob', make);
    open.push(bob);
    return [alice, bob];
  }

  it('publishes and receives both kinds, both ways', async () => {
    const [alice, bob] = await pair();
    expect(alice.answered).toMatchObject({
      refused: [],
      published: [{ layers: [{ rid: undefined }] }, { layers: [{ rid: undefined }] }],
    });
    await bob.receive(alice.tracks());
    await alice.receive(bob.tracks());
    for (const [viewer, publisher] of [
      [bob, alice],
      [alice, bob],
    ] as const) {
      for (const { ref, kind } of publisher.answered?.published ?? []) {
        await eventually(`${kind} of a publisher`, () => viewer.count(ref) > 10);
      }
    }
    expect(alice.log).toMatchObject({ path: ['heard'], failed: [] });
  });

  it('carries control messages both ways', async () => {
    const [alice] = await pair();
    expect(alice.peer.sendControl('from the focus')).toBe(true);
    await eventually('message of the focus', () => alice.control.includes('from the focus'));
    await eventually('open channel', () => alice.endpoint.sendControl('from the client'));
    await eventually('message of the client', () => alice.log.control.includes('from the client'));
  });

  it('goes on receiving through offers of its own, and ends with its publisher', async () => {
    const [alice, bob] = await pair();
    await bob.receive(alice.tracks());
    await eventually('video', () => bob.count(alice.video()) > 5);
    await bob.offer();
    const before = bob.count(alice.video());
    await eventually('more video', () => bob.count(alice.video()) > before + 5);
    alice.peer.close();
    const offer = await bob.receive(alice.tracks());
    expect(offer.match(/a=inactive/g)).toHaveLength(2);
    expect(offer.split(/\r\nm=/)).toHaveLength(6);
  });
});
