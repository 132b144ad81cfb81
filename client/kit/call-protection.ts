/** Whether a call is encrypted, and by what: as the room says, or not at all where this device cannot. */
import { CallEncryption, type CallEncryptionEvents, type RoomOfEncryption } from './call-encryption.ts';
import type { EncryptionState } from './encryption-state.ts';
import type { FrameProtection } from './frame-protection.ts';
import type { Homeserver } from './homeserver.ts';
import type { KeyWitness } from './key-witness.ts';
import { problem, ProblemError } from './problems.ts';

/** What of a room it reads. */
export type RoomOfProtection = RoomOfEncryption & {
  readonly isEncrypted: boolean;
  readonly homeserver: Pick<Homeserver, 'canEncrypt'>;
};

const OFF: EncryptionState = { kind: 'off' };

export class CallProtection {
  readonly #room: RoomOfProtection;
  readonly #events: CallEncryptionEvents;
  readonly #witness: KeyWitness | undefined;
  #encryption: CallEncryption | undefined;
  #refusal: ProblemError | undefined;

  constructor(room: RoomOfProtection, events: CallEncryptionEvents, witness: KeyWitness | undefined) {
    this.#room = room;
    this.#events = events;
    this.#witness = witness;
  }

  get state(): EncryptionState {
    if (!this.#room.isEncrypted) return OFF;
    if (this.#refusal !== undefined) return { kind: 'unavailable', problem: this.#refusal.problem };
    return this.#encryption?.state ?? { kind: 'on', code: undefined, holders: [] };
  }

  /**
   * What protects the next session; `undefined` where the room is not encrypted. Throws a ProblemError (ENCRYPTION_UNAVAILABLE)
   * where it is, and we cannot: then there must be no session.
   */
  ofSession(): FrameProtection | undefined {
    return this.#room.isEncrypted ? this.#ours() : undefined;
  }

  /** We join. Does nothing where we are in the call, or it is not encrypted. */
  begin(confId: string): void {
    if (this.#room.isEncrypted) this.#ours().begin(confId);
  }

  /** We left. */
  end(): void {
    this.#encryption?.end();
  }

  close(): void {
    this.#encryption?.close();
  }

  #ours(): CallEncryption {
    if (this.#refusal !== undefined) throw this.#refusal;
    return (this.#encryption ??= this.#open());
  }

  #open(): CallEncryption {
    try {
      if (!this.#room.homeserver.canEncrypt) throw new Error('The client was made without encryption.');
      const events = {
        changed: () => this.#events.changed(),
        failed: (reason: ProblemError['problem']): void => {
          this.#refusal = new ProblemError(reason);
          this.#events.failed(reason);
        },
      };
      return new CallEncryption(this.#room, events, this.#witness);
    } catch (thrown) {
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      this.#refusal = new ProblemError(problem('ENCRYPTION_UNAVAILABLE', detail), { cause: thrown });
      throw this.#refusal;
    }
  }
}
