/** Which conference each call belongs to. A call is known by its user, device, session and call id, all four. */
import type { Envelope } from '../../signalling/wire/to-device.ts';
import type { CallRef } from '../conference/messages.ts';
import { keyOfSession } from '../session.ts';
import type { ConferenceRunner } from './conference-runner.ts';

export interface KnownCall {
  runner: ConferenceRunner;
  call: CallRef;
}

/** Ended calls that are remembered, so that a redelivered invite does not bring one back. */
const ENDED_CALLS = 10_000;

export class Calls {
  readonly #open = new Map<string, KnownCall>();
  /** In the order in which they ended. */
  readonly #ended = new Set<string>();

  add(known: KnownCall): void {
    this.#open.set(idOf(known.call), known);
  }

  find(from: Envelope): KnownCall | undefined {
    return this.#open.get(idOf(callOf(from)));
  }

  end(call: CallRef): void {
    const id = idOf(call);
    this.#open.delete(id);
    this.#ended.add(id);
    if (this.#ended.size <= ENDED_CALLS) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      break;
    }
  }

  hasEnded(from: Envelope): boolean {
    return this.#ended.has(idOf(callOf(from)));
  }
}

export function callOf(from: Envelope): CallRef {
  return {
    key: keyOfSession({ userId: from.sender, deviceId: from.deviceId, sessionId: from.sessionId }),
    callId: from.callId,
  };
}

function idOf(call: CallRef): string {
  return `${call.key}${call.callId}`;
}
