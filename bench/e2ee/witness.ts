/** What pages say of each frame that they sent and received, put together. Pure. */
import { keyStepOf } from '../../client/sframe/key-id.ts';
import type { WitnessedFrame } from './page-encryption.ts';

export interface Identical {
  /** Frames that were received, by however many. */
  received: number;
  /** That were the frame which was sent with this key id and counter. */
  identical: number;
  /** A sentence for each of the first few that were not. */
  different: string[];
}

const MOST_SENTENCES = 5;

export class Witnesses {
  /** Digests by sender, key id and counter. Who comes back has new keys, and numbers that were there before. */
  readonly #sent = new Map<string, Set<string>>();
  readonly #received: WitnessedFrame[] = [];
  /** Kinds of frames, by who received them and who sent them. */
  readonly #decrypted = new Map<string, Set<WitnessedFrame['kind']>>();
  /** By sender, then by generation: when anybody first received a frame with it. */
  readonly #generations = new Map<string, Map<number, number>>();

  /** @param at sender id of the page that tells */
  add(at: string, frames: readonly WitnessedFrame[]): void {
    for (const frame of frames) {
      switch (frame.direction) {
        case 'sent':
          entryOf(this.#sent, nameOf(frame)).add(frame.digest);
          break;
        case 'received':
          this.#received.push(frame);
          entryOf(this.#decrypted, pairOf(at, frame.from)).add(frame.kind);
          this.#noteGeneration(frame);
          break;
      }
    }
  }

  /** Digests of all frames that were sent, in the clear. */
  get sentDigests(): ReadonlySet<string> {
    return new Set([...this.#sent.values()].flatMap(digests => [...digests]));
  }

  /** Whether a page decrypted voice and picture of a sender. */
  decrypts(at: string, from: string): boolean {
    return this.#decrypted.get(pairOf(at, from))?.size === 2;
  }

  /** The latest generation of a sender's keys that anybody received a frame with; `undefined` while nobody did. */
  latestGeneration(from: string): number | undefined {
    const received = this.#generations.get(from);
    return received === undefined ? undefined : Math.max(...received.keys());
  }

  /** When anybody first received a frame with a later generation of a sender's keys, ms since 1970; `undefined` while nobody did. */
  receivedLaterThan(generation: number, from: string): number | undefined {
    const later = [...(this.#generations.get(from) ?? [])].filter(([each]) => each > generation).map(([, at]) => at);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  /** All that was sent has to be told by then, or it is missing here. */
  identical(): Identical {
    const result: Identical = { received: this.#received.length, identical: 0, different: [] };
    for (const frame of this.#received) {
      const sent = this.#sent.get(nameOf(frame));
      if (sent?.has(frame.digest) === true) result.identical += 1;
      else if (result.different.length < MOST_SENTENCES) {
        const what = sent === undefined ? 'that was never sent' : 'other than what was sent';
        result.different.push(`a frame ${what}: ${frame.kind}, ${nameOf(frame)}`);
      }
    }
    return result;
  }

  #noteGeneration(frame: WitnessedFrame): void {
    const received = this.#generations.get(frame.from) ?? new Map<number, number>();
    this.#generations.set(frame.from, received);
    const generation = generationOf(frame);
    received.set(generation, Math.min(frame.at, received.get(generation) ?? Infinity));
  }
}

function generationOf({ keyId }: WitnessedFrame): number {
  return keyStepOf(BigInt(keyId))?.generation ?? 0;
}

function nameOf({ from, keyId, counter }: WitnessedFrame): string {
  return `${from} ${keyId} ${counter}`;
}

function pairOf(at: string, from: string): string {
  return `${from} ${at}`;
}

function entryOf<T>(sets: Map<string, Set<T>>, name: string): Set<T> {
  const set = sets.get(name) ?? new Set<T>();
  sets.set(name, set);
  return set;
}
