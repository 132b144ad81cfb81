/** Which WebSocket carries the messages of which call. */
import type { CallRef } from '../conference/messages.ts';
import type { SignalLine } from '../ports.ts';

export class Lines {
  readonly #lines = new Map<string, SignalLine>();

  of(call: CallRef): SignalLine | undefined {
    return this.#lines.get(idOf(call));
  }

  attach(call: CallRef, line: SignalLine): void {
    const before = this.of(call);
    this.#lines.set(idOf(call), line);
    if (before !== line) before?.close('WEIR_REPLACED');
  }

  /** False where another one carries the call by now. */
  detach(call: CallRef, line: SignalLine): boolean {
    if (this.of(call) !== line) return false;
    return this.#lines.delete(idOf(call));
  }

  /** The call is over; its WebSocket may carry another. */
  forget(call: CallRef): void {
    this.#lines.delete(idOf(call));
  }
}

function idOf({ key, callId }: CallRef): string {
  return `${key}${callId}`;
}
