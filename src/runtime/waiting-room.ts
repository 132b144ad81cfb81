/** Invites that may be admitted once the homeserver has told the focus more: bounded in number and time. */
import type { Clock } from '../ports.ts';
import type { ClientToDevice } from '../../signalling/wire/to-device.ts';

export type Invite = Extract<ClientToDevice, { kind: 'invite' }>;

interface Waiting {
  invite: Invite;
  timeout: { cancel(): void };
}

export class WaitingRoom {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #capacity: number;
  readonly #giveUp: (invite: Invite) => void;
  readonly #waiting = new Map<string, Waiting>();

  /** `giveUp` is called for an invite that waited `patienceMs` in vain. */
  constructor(options: { clock: Clock; patienceMs: number; capacity: number; giveUp: (invite: Invite) => void }) {
    this.#clock = options.clock;
    this.#patienceMs = options.patienceMs;
    this.#capacity = options.capacity;
    this.#giveUp = options.giveUp;
  }

  /** False where it is full: the invite is not kept. */
  admit(invite: Invite): boolean {
    const id = JSON.stringify([invite.from.sender, invite.from.callId]);
    if (this.#waiting.has(id)) return true;
    if (this.#waiting.size >= this.#capacity) return false;
    const timeout = this.#clock.after(this.#patienceMs, () => {
      this.#waiting.delete(id);
      this.#giveUp(invite);
    });
    this.#waiting.set(id, { invite, timeout });
    return true;
  }

  /** Takes out those that `ready` accepts. */
  release(ready: (invite: Invite) => boolean): Invite[] {
    const released: Invite[] = [];
    for (const [id, { invite, timeout }] of this.#waiting) {
      if (!ready(invite)) continue;
      timeout.cancel();
      this.#waiting.delete(id);
      released.push(invite);
    }
    return released;
  }

  close(): void {
    for (const { timeout } of this.#waiting.values()) timeout.cancel();
    this.#waiting.clear();
  }
}
