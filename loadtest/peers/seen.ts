import type { ControlMessage } from '../../signalling/wire/control.ts';
import { keyOf, type TrackIds } from './endpoint.ts';

export interface Hangup {
  reason: string;
  /** `org.weir.error`. */
  code: string | undefined;
  at: number;
}

/** What a peer has seen so far. */
export interface Seen {
  offers: number;
  offersDropped: number;
  answers: number;
  pings: number;
  metadataMessages: number;
  errors: Extract<ControlMessage, { kind: 'error' }>[];
  unreadable: string[];
  /** Hangups of other calls of the same device. */
  strayHangups: { callId: string; reason: string; code: string | undefined }[];
}

export function nothingSeen(): Seen {
  return {
    offers: 0,
    offersDropped: 0,
    answers: 0,
    pings: 0,
    metadataMessages: 0,
    errors: [],
    unreadable: [],
    strayHangups: [],
  };
}

/** RTP packets that came, by track. */
export class ReceivedPackets {
  readonly #counts = new Map<string, number>();
  /** Time of the last one, on the monotonic clock in ms. */
  lastAt = 0;

  count(track: TrackIds, packets: number): void {
    this.lastAt = performance.now();
    this.#counts.set(keyOf(track), this.of(track) + packets);
  }

  of(track: TrackIds): number {
    return this.#counts.get(keyOf(track)) ?? 0;
  }

  inAll(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  forget(): void {
    this.#counts.clear();
  }
}
