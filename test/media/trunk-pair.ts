import { type Media, type OfferedTrack, type PublishedTrack, type Served, type TrunkPeer } from '../../src/ports.ts';
import { type ConferenceKey, keyOfSubscription, type SessionKey, type TrackRef } from '../../src/session.ts';
import { openTrunk, type PeerLog } from './harness.ts';

/** One end of a trunk, as its focus has it. */
export interface TrunkSide {
  peer: TrunkPeer;
  log: PeerLog;
  session: SessionKey;
}

/** A trunk between two media engines, both ends in this process. */
export class TrunkPair {
  readonly near: TrunkSide;
  readonly far: TrunkSide;

  private constructor(near: TrunkSide, far: TrunkSide) {
    this.near = near;
    this.far = far;
  }

  static async open(near: Media, far: Media, conference: ConferenceKey): Promise<TrunkPair> {
    const pair = new TrunkPair(
      await openTrunk(near, conference, 'far-focus'),
      await openTrunk(far, conference, 'near-focus'),
    );
    await Promise.all([pair.near.peer.connect(pair.far.peer.end), pair.far.peer.connect(pair.near.peer.end)]);
    return pair;
  }

  /** The near side announces tracks of its own; gives what the far side has of them then. */
  async announce(tracks: readonly PublishedTrack[], publisher: SessionKey): Promise<OfferedTrack[]> {
    const { sdp } = await this.near.peer.offer(tracks.flatMap(track => layersOf(track, publisher)));
    const answered = await this.far.peer.answer(sdp);
    await this.near.peer.accept(answered.sdp);
    return answered.published.map(({ ref, kind }) => ({
      key: keyOfSubscription(ref),
      ref,
      source: ref,
      publisher: this.far.session,
      layer: kind === 'video' ? 0 : undefined,
      paused: false,
      priority: 1,
    }));
  }

  /** The far side wants these layers of a track, and no others; for a voice: layer 0. */
  async want(ref: TrackRef, layers: readonly number[], of = 3): Promise<void> {
    await Promise.all(
      Array.from({ length: of }, (_, layer) =>
        this.near.peer.adjust(keyOfLayer(ref, layer), served(layer, layers.includes(layer))),
      ),
    );
  }

  close(): void {
    this.near.peer.close();
    this.far.peer.close();
  }
}

function served(layer: number, wanted: boolean): Served {
  return { layer, paused: !wanted, priority: wanted ? 10 - layer : 1 };
}

function keyOfLayer(ref: TrackRef, layer: number) {
  return keyOfSubscription({ ...ref, variant: `l${layer}` });
}

/** Each layer of a track, as its focus offers them to another: not wanted yet. */
function layersOf({ ref, kind, layers }: PublishedTrack, publisher: SessionKey): OfferedTrack[] {
  return layers.map((_, layer) => ({
    key: keyOfLayer(ref, layer),
    ref,
    source: ref,
    publisher,
    ...served(layer, false),
    layer: kind === 'video' ? layer : undefined,
  }));
}
