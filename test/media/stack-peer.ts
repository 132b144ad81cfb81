import type { AnsweredOffer, Media, OfferedTrack, Peer } from '../../src/ports.ts';
import type { ConferenceKey, SessionKey } from '../../src/session.ts';
import { type Endpoint, type EndpointEvents, keyOf, type TrackIds } from '../../loadtest/peers/endpoint.ts';
import { eventually, offered, openPeer, type PeerLog } from './harness.ts';

/** A peer of a stack with one transport, and its twin in the focus. */
export class StackPeer<Stack extends Endpoint = Endpoint> {
  readonly endpoint: Stack;
  readonly peer: Peer;
  readonly log: PeerLog;
  readonly session: SessionKey;
  readonly packets = new Map<string, number>();
  readonly control: string[] = [];
  answered: AnsweredOffer | undefined;
  readonly #rewrite: (sdp: string) => Promise<string>;

  private constructor(
    opened: { peer: Peer; log: PeerLog; session: SessionKey },
    make: (events: EndpointEvents) => Stack,
    rewrite: (sdp: string) => Promise<string>,
  ) {
    this.#rewrite = rewrite;
    ({ peer: this.peer, log: this.log, session: this.session } = opened);
    this.endpoint = make({
      control: text => this.control.push(text),
      controlOpen: () => undefined,
      controlClosed: () => undefined,
      packet: (track, count) => this.packets.set(keyOf(track), this.count(track) + count),
    });
  }

  /** `rewrite`: what becomes of the focus's descriptions before the stack takes them. */
  static async join<Stack extends Endpoint>(
    media: Media,
    conference: ConferenceKey,
    name: string,
    make: (events: EndpointEvents) => Stack,
    { rewrite = async (sdp: string) => sdp }: { rewrite?: (sdp: string) => Promise<string> } = {},
  ): Promise<StackPeer<Stack>> {
    const joined = new StackPeer(await openPeer(media, conference, name), make, rewrite);
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
    await this.endpoint.takeAnswer(await this.#rewrite(answered.sdp));
    if (answered.offerDue === true) await this.receive([]);
    return answered;
  }

  async receive(tracks: OfferedTrack[]): Promise<string> {
    const { sdp } = await this.peer.offer(tracks);
    await this.peer.accept(await this.endpoint.answer(await this.#rewrite(sdp)));
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
