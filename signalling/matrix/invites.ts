import type { HomeserverHttp } from './http.ts';
import { BackOff, pause } from './back-off.ts';
import { failureOf, type Failure } from './failure.ts';
import { isOfServers } from '../addresses/server-patterns.ts';
import type { Invite } from './read-sync.ts';
import type { HomeserverOptions } from './types.ts';

/** Invitations that are dealt with at one time; a join over federation may take a minute. */
const CONCURRENT = 4;
/** Most invitations that wait; more are dropped, and seen again at the next start. */
const MAX_WAITING = 1_000;
const MAX_ATTEMPTS = 8;
/**
 * A homeserver that came into the room a moment ago knows part of its state, and lets another one decide who may join: one that
 * may not have heard of the invitation yet, so that the first answers say nothing. This many take 4 s or more.
 */
const MAX_REJECTIONS = 5;
const JOIN_TIMEOUT_MS = 90_000;

type Deps = Pick<HomeserverOptions, 'allowedInviters' | 'clock' | 'logger' | 'count'>;

/** Joins the rooms that the focus is invited to, or declines, by policy, beside the sync. */
export class Invites {
  readonly #deps: Deps;
  readonly #http: HomeserverHttp;
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<string, Invite>();
  readonly #running = new Map<string, Promise<void>>();

  /** @param signal ends all work */
  constructor(deps: Deps, http: HomeserverHttp, signal: AbortSignal) {
    this.#deps = deps;
    this.#http = http;
    this.#signal = signal;
  }

  /** Takes note of an invitation; one to a room that is being dealt with already changes nothing. */
  consider(invite: Invite): void {
    if (this.#running.has(invite.roomId) || this.#signal.aborted) return;
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(invite.roomId)) {
      this.#deps.count('matrix_invites', { outcome: 'dropped' });
      return;
    }
    this.#waiting.set(invite.roomId, invite);
    this.#advance();
  }

  /** Waits for what is under way to end, once the signal was given. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #advance(): void {
    if (this.#signal.aborted) return;
    for (const [roomId, invite] of this.#waiting) {
      if (this.#running.size >= CONCURRENT) return;
      this.#waiting.delete(roomId);
      const work = this.#deal(invite).then(() => {
        this.#running.delete(roomId);
        this.#advance();
      });
      this.#running.set(roomId, work);
    }
  }

  /** Never rejects. */
  async #deal(invite: Invite): Promise<void> {
    const { roomId, inviter } = invite;
    const { allowedInviters, clock, logger, count } = this.#deps;
    const welcome = isOfServers(allowedInviters, inviter);
    const fields = { room: roomId, inviter };
    const backOff = new BackOff(500, 60_000);
    for (let attempt = 1; !this.#signal.aborted; attempt += 1) {
      const failure = await this.#attempt(invite, welcome ? 'join' : 'leave');
      if (failure === undefined) {
        count('matrix_invites', { outcome: welcome ? 'joined' : 'declined' });
        logger.info(fields, welcome ? 'joined a room' : 'declined an invitation: its sender may not invite this focus');
        return;
      }
      if (attempt >= (failure.kind === 'rejected' ? MAX_REJECTIONS : MAX_ATTEMPTS)) {
        count('matrix_invites', { outcome: 'failed' });
        logger.warn({ ...fields, reason: failure.message }, 'gave up on an invitation');
        return;
      }
      const delay = backOff.next();
      await pause(clock, failure.kind === 'limited' ? (failure.retryAfterMs ?? delay) : delay, this.#signal);
    }
  }

  async #attempt({ roomId, via }: Invite, verb: 'join' | 'leave'): Promise<Failure | undefined> {
    const room = encodeURIComponent(roomId);
    try {
      await this.#http.call({
        method: 'POST',
        // This way to join takes names of servers; the older name of the key is what older homeservers know.
        ...(verb === 'join'
          ? { path: `/join/${room}`, query: { via, server_name: via } }
          : { path: `/rooms/${room}/leave` }),
        body: {},
        timeoutMs: JOIN_TIMEOUT_MS,
        signal: this.#signal,
      });
      return undefined;
    } catch (thrown) {
      return failureOf(thrown);
    }
  }
}
