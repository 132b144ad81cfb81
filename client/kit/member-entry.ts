/** Our entry in the room's list of who is in the call: written while we are, taken out when we leave. */
import type { CallRoom } from './call-room.ts';
import { type Problem, problemOf } from './problems.ts';
import { MEMBER_ENTRY_LIFETIME_MS } from './room.ts';
import type { FocusRef } from './wire.ts';

/** The session that the entry tells of. */
export interface EntrySession {
  readonly sessionId: string;
  readonly options: { readonly address: { readonly confId: string; readonly focus: FocusRef } };
}

export interface MemberEntryParts {
  room: Pick<CallRoom, 'announce' | 'isEncrypted' | 'isFocusOurs' | 'withdraw'>;
  isSharingScreen(): boolean;
  /** The room did not take the entry of this session. Told once, however often it is tried again. */
  refused(session: EntrySession, reason: Problem): void;
}

/** The entry is written again when this share of its life is over. */
const REFRESH_SHARE = 0.75;
/** From being connected until the entry is written. */
const ANNOUNCE_AFTER_MS = 1_500;
/** ms until an entry that was not taken is written again. @param before how often it was not */
const againAfterMs = (before: number): number => Math.min(2_000 * 2 ** before, 60_000);

export class MemberEntry {
  readonly #parts: MemberEntryParts;
  #session: EntrySession | undefined;
  #isWritten = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: MemberEntryParts) {
    this.#parts = parts;
  }

  /**
   * The focus has answered, and media will follow: foci of other operators let us through once the entry says where we are, and
   * others send us their keys once it says that we are there.
   */
  answered(session: EntrySession): void {
    if (this.#parts.room.isFocusOurs || this.#parts.room.isEncrypted) this.#announceAfter(0, session);
  }

  /** Media first: the homeserver is busy with a member entry for a while, and tries that fail would fill the room. */
  connected(session: EntrySession): void {
    this.#announceAfter(ANNOUNCE_AFTER_MS, session);
  }

  /** Ends the refreshing. The entry stays until it is withdrawn, or expires. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#session = undefined;
  }

  /** Takes the entry out, where there is one. */
  withdraw(options: { keepAlive: boolean } = { keepAlive: false }): void {
    if (this.#isWritten) this.#parts.room.withdraw(options).catch(() => undefined);
    this.#isWritten = false;
  }

  /** The entry is somebody else's now. */
  abandon(): void {
    this.#isWritten = false;
  }

  #announceAfter(delayMs: number, session: EntrySession): void {
    if (this.#session === session) return;
    this.#session = session;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#announce(session), delayMs);
  }

  #announce(session: EntrySession, refusals = 0): void {
    this.#timer = setTimeout(() => this.#announce(session), MEMBER_ENTRY_LIFETIME_MS * REFRESH_SHARE);
    const { confId, focus } = session.options.address;
    this.#isWritten = true;
    const purposes = this.#parts.isSharingScreen() ? ['m.usermedia', 'm.screenshare'] : ['m.usermedia'];
    this.#parts.room.announce(confId, session.sessionId, focus, purposes).catch((thrown: unknown) => {
      if (this.#session !== session) return;
      // Before it is told: whoever hears of it may stop us.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#announce(session, refusals + 1), againAfterMs(refusals));
      if (refusals === 0) this.#parts.refused(session, problemOf(thrown));
    });
  }
}
