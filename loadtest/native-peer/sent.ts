import { randomInt } from 'node:crypto';
import type { SentTrack } from '../peers/endpoint.ts';
import type { FocusSection } from './focus-description.ts';
import type { Command } from './messages.ts';
import { EXTENSION_IDS, EXTENSION_URIS, RTX_PAYLOAD_TYPE, type SentSsrc } from './peer-description.ts';

/** What it sends: a recorded camera in three layers and a recorded voice, or next to nothing. */
export interface SentMedia {
  media: 'recorded' | 'light';
  /** Packets carry the time at which they are sent, which no decoder likes: for benches of native peers alone. */
  stamped: boolean;
}

const LAYERS = 3;

/** A track that a native peer sends, from `send` on; the engine begins when the focus agrees. */
export class Sent {
  readonly track: SentTrack;
  readonly ssrcs: readonly SentSsrc[];
  readonly #number: number;
  readonly #peer: number;
  readonly #media: SentMedia;
  readonly #do: (command: Command) => void;
  #isSending = false;
  #muted = false;
  #active: readonly boolean[] = [];

  constructor(peer: number, number: number, track: SentTrack, media: SentMedia, act: (command: Command) => void) {
    this.track = track;
    this.#peer = peer;
    this.#number = number;
    this.#media = media;
    this.#do = act;
    const layers = track.kind === 'video' && media.media === 'recorded' ? LAYERS : 1;
    this.ssrcs = Array.from({ length: layers }, () => ({
      ssrc: randomSsrc(),
      rtx: track.kind === 'video' ? randomSsrc() : undefined,
    }));
  }

  setLayers(active: readonly boolean[]): void {
    this.#active = this.ssrcs.map((_, layer) => active[layer] ?? this.#active[layer] ?? true);
    if (this.#isSending) this.#do({ do: 'layers', ...this.#name, active: [...this.#active] });
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (this.#isSending) this.#do({ do: 'mute', ...this.#name, muted });
  }

  /** What the focus says of its section; undefined before it has said anything. */
  agree(section: FocusSection): void {
    const takes = section.port !== 0 && (section.direction === 'recvonly' || section.direction === 'sendrecv');
    if (takes === this.#isSending) return;
    this.#isSending = takes;
    if (!takes) {
      this.#do({ do: 'stop', ...this.#name });
      return;
    }
    const repairs = section.lines.some(line => line.startsWith(`a=rtpmap:${RTX_PAYLOAD_TYPE} rtx/`));
    const agreed = (name: keyof typeof EXTENSION_IDS): number =>
      section.extensions.get(EXTENSION_URIS[name]) === EXTENSION_IDS[name] ? EXTENSION_IDS[name] : 0;
    this.#do({
      do: 'send',
      ...this.#name,
      kind: this.track.kind,
      ...this.#media,
      streams: this.ssrcs.map(({ ssrc, rtx }) => (rtx === undefined || !repairs ? { ssrc } : { ssrc, rtx })),
      absSendTime: agreed('absSendTime'),
      transportCc: agreed('transportCc'),
      audioLevel: agreed('audioLevel'),
    });
    if (this.#active.includes(false)) this.setLayers(this.#active);
    if (this.#muted) this.setMuted(true);
  }

  get #name(): { peer: number; track: number } {
    return { peer: this.#peer, track: this.#number };
  }
}

function randomSsrc(): number {
  return randomInt(1, 0xffff_ffff);
}
