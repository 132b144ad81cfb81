/** The media of a conference's sessions: opened, asked and closed in order, each by the session that owns it. */
import type { Media, Peer, PeerEvents, TrunkPeer, TrunkPeerEvents } from '../ports.ts';
import type { CallRef } from '../conference/messages.ts';
import type { ConferenceKey, SessionKey } from '../session.ts';
import { WeirError } from '../../signalling/wire/errors.ts';

interface Opening {
  callId: string;
  peer: Promise<Peer>;
  /** The peer once it is there; control messages cannot wait. */
  opened: Peer | undefined;
  closed: boolean;
}

export class Peers {
  readonly #conference: ConferenceKey;
  readonly #media: Media;
  readonly #open = new Map<SessionKey, Opening>();

  constructor(conference: ConferenceKey, media: Media) {
    this.#conference = conference;
    this.#media = media;
  }

  /** Opens the media of a call. Rejects with what the media engine rejects with. */
  open(call: CallRef, events: PeerEvents): Promise<Peer> {
    return this.#hold(call, this.#media.open(this.#conference, call.key, events));
  }

  /** The same of a trunk. */
  openTrunk(call: CallRef, events: TrunkPeerEvents): Promise<TrunkPeer> {
    return this.#hold(call, this.#media.openTrunk(this.#conference, call.key, events));
  }

  #hold<Opened extends Peer>(call: CallRef, opens: Promise<Opened>): Promise<Opened> {
    const opening: Opening = { callId: call.callId, peer: opens, opened: undefined, closed: false };
    this.#open.set(call.key, opening);
    const opened = opens.then(peer => {
      // Closed while it was being opened.
      if (opening.closed) {
        peer.close();
        throw new WeirError('WEIR_MEDIA_FAILED', 'the session ended while its media was opened');
      }
      opening.opened = peer;
      return peer;
    });
    opening.peer = opened;
    return opened;
  }

  /** The peer of a call. Rejects where it failed to open or was closed. */
  async of(call: CallRef): Promise<Peer> {
    const opening = this.#open.get(call.key);
    if (opening?.callId !== call.callId) throw new WeirError('WEIR_MEDIA_FAILED', 'the session has no media');
    return opening.peer;
  }

  /** The peer of a call if it is open already. */
  opened(call: CallRef): Peer | undefined {
    const opening = this.#open.get(call.key);
    return opening?.callId === call.callId ? opening.opened : undefined;
  }

  close(call: CallRef): void {
    const opening = this.#open.get(call.key);
    if (opening?.callId !== call.callId) return;
    this.#open.delete(call.key);
    opening.closed = true;
    opening.opened?.close();
  }
}
