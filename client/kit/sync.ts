/** The long poll of one room, with back-off; it ends only when it is stopped or the token is refused. */
import { backoffMs } from './backoff.ts';
import {
  type StateEvent,
  stateEventsOf,
  type SyncAnswer,
  type ToDeviceMessage,
  toDeviceMessagesOf,
} from './homeserver-answers.ts';
import type { Homeserver } from './homeserver.ts';
import { type Problem, problem, problemOf } from './problems.ts';
import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES, CALL_PERMISSIONS_TYPE } from './wire.ts';

const POLL_TIMEOUT_MS = 30_000;
const KEEPS_TRYING = 'Whoever is connected stays connected. This page keeps trying.';

/** State that a call reads. Not m.room.member: of a large room that is megabytes. */
export const CALL_STATE_TYPES = [
  ...CALL_EVENT_TYPES,
  ...CALL_MEMBER_EVENT_TYPES,
  CALL_PERMISSIONS_TYPE,
  'm.room.create',
  'm.room.name',
  'm.room.canonical_alias',
  'm.room.power_levels',
];

const NOTHING = { types: [] };

/** To-device messages and the call state of one room, nothing else. */
export function roomFilter(roomId: string): object {
  return {
    presence: NOTHING,
    account_data: NOTHING,
    room: {
      rooms: [roomId],
      account_data: NOTHING,
      ephemeral: NOTHING,
      state: { types: CALL_STATE_TYPES },
      timeline: { types: CALL_STATE_TYPES, limit: 50 },
    },
  };
}

export interface SyncHandlers {
  toDevice(message: ToDeviceMessage): void;
  state(events: StateEvent[]): void;
  /** `undefined` when the homeserver answers (again). */
  trouble(reason: Problem | undefined): void;
  /** The user is not in the room any more. */
  removed(): void;
}

export class SyncLoop {
  readonly #homeserver: Pick<Homeserver, 'sync'>;
  readonly #roomId: string;
  readonly #handlers: SyncHandlers;
  readonly #abort = new AbortController();
  #since: string | undefined;
  #failures = 0;

  constructor(homeserver: Pick<Homeserver, 'sync'>, roomId: string, handlers: SyncHandlers) {
    this.#homeserver = homeserver;
    this.#roomId = roomId;
    this.#handlers = handlers;
  }

  /** Resolves when the first answer is in; the loop then goes on until `stop()`. Rejects where that answer fails. */
  async start(): Promise<void> {
    this.#take(await this.#poll(0));
    this.#loop().catch((thrown: unknown) => this.#handlers.trouble(problemOf(thrown)));
  }

  stop(): void {
    this.#abort.abort();
  }

  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  #poll(timeoutMs: number): Promise<SyncAnswer> {
    return this.#homeserver.sync({
      filter: roomFilter(this.#roomId),
      since: this.#since,
      timeoutMs,
      signal: this.#abort.signal,
    });
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        const answer = await this.#poll(POLL_TIMEOUT_MS);
        if (this.#isStopped()) return;
        if (this.#failures > 0) this.#handlers.trouble(undefined);
        this.#failures = 0;
        this.#take(answer);
      } catch (thrown) {
        if (this.#isStopped()) return;
        const reason = problemOf(thrown);
        this.#handlers.trouble(reason.code === 'TOKEN_REFUSED' ? reason : { ...reason, remedy: KEEPS_TRYING });
        if (reason.code === 'TOKEN_REFUSED') return;
        this.#failures += 1;
        await pause(backoffMs(this.#failures, Math.random()), this.#abort.signal);
      }
    }
  }

  #take(answer: SyncAnswer): void {
    this.#since = answer.next_batch;
    const room = answer.rooms?.join?.[this.#roomId];
    const state = [...stateEventsOf(room?.state?.events), ...stateEventsOf(room?.timeline?.events)];
    try {
      if (state.length > 0) this.#handlers.state(state);
      for (const message of toDeviceMessagesOf(answer.to_device?.events)) this.#handlers.toDevice(message);
      if (answer.rooms?.leave !== undefined && Object.hasOwn(answer.rooms.leave, this.#roomId))
        this.#handlers.removed();
    } catch (thrown) {
      // A fault of ours must not end the poll: without it the call is deaf.
      this.#handlers.trouble(problem('UNEXPECTED', thrown instanceof Error ? thrown.message : String(thrown)));
    }
  }
}

/** Waits; at once where the signal has fired or fires. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
