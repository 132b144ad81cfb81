/** One room of a MatrixClient, followed by the client's own sync. */
import { ClientEvent, type MatrixClient } from 'matrix-js-sdk/lib/client.js';
import type { MatrixEvent } from 'matrix-js-sdk/lib/models/event.js';
import { RoomEvent, type Room } from 'matrix-js-sdk/lib/models/room.js';
import { type RoomState, RoomStateEvent } from 'matrix-js-sdk/lib/models/room-state.js';
import { type ISyncStateData, SyncState } from 'matrix-js-sdk/lib/sync.js';
import { backoffMs } from './backoff.ts';
import type { StateEvent } from './homeserver-answers.ts';
import { problemOfRequest } from './homeserver-requests.ts';
import { CALL_STATE_TYPES, type FollowedRoom, type RoomNews } from './homeserver.ts';
import { PresentState, type PresentStateParts } from './present-state.ts';
import { problem, ProblemError } from './problems.ts';

export interface RoomFeedOptions {
  /** The host of a widget passes changes on one by one, and no sync tells that they came. */
  isOfHost?: boolean;
  /** The event of a state as it is now (see present-state.ts). What comes is taken as it is where nobody can be asked, as in a widget. */
  present?: PresentStateParts['ask'];
}

const KEEPS_TRYING = 'Whoever is connected stays connected. This page keeps trying.';
/** How long a client may take to hear of a room that it is in, in ms. */
const ROOM_PATIENCE_MS = 60_000;

export class RoomFeed implements FollowedRoom {
  readonly known: Promise<void>;
  readonly #client: MatrixClient;
  readonly #roomId: string;
  readonly #news: Omit<RoomNews, 'toDevice'>;
  readonly #isOfHost: boolean;
  readonly #present: PresentState | undefined;
  readonly #known = Promise.withResolvers<void>();
  #isKnown = false;
  /** State that came and was not told yet: what one sync brings is told together. */
  #pending: StateEvent[] = [];
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #patience: ReturnType<typeof setTimeout>;

  constructor(
    client: MatrixClient,
    roomId: string,
    news: Omit<RoomNews, 'toDevice'>,
    { isOfHost = false, present }: RoomFeedOptions = {},
  ) {
    this.#client = client;
    this.#roomId = roomId;
    this.#news = news;
    this.#isOfHost = isOfHost;
    this.#present = present && new PresentState({ ask: present, tell: event => news.state([event]) });
    this.known = this.#known.promise;
    // Whoever closes us before that waits for it no more.
    this.known.catch(() => undefined);
    client.on(ClientEvent.Sync, this.#synced);
    client.on(ClientEvent.SyncUnexpectedError, this.#stumbled);
    client.on(RoomStateEvent.Events, this.#changed);
    client.on(RoomEvent.MyMembership, this.#moved);
    this.#patience = setTimeout(() => {
      const isSilent = client.getSyncState() === null;
      const reason = isSilent
        ? problem('HOMESERVER_UNREACHABLE')
        : problem('HOMESERVER_ERROR', 'It does not tell of this room.');
      this.#known.reject(new ProblemError(reason));
    }, ROOM_PATIENCE_MS);
    const state = client.getSyncState();
    if (state !== null) this.#synced(state, null, client.getSyncStateData() ?? undefined);
  }

  close(): void {
    const client = this.#client;
    client.off(ClientEvent.Sync, this.#synced);
    client.off(ClientEvent.SyncUnexpectedError, this.#stumbled);
    client.off(RoomStateEvent.Events, this.#changed);
    client.off(RoomEvent.MyMembership, this.#moved);
    clearTimeout(this.#patience);
    clearTimeout(this.#retry);
    this.#present?.close();
  }

  readonly #synced = (state: SyncState, _before: SyncState | null, data?: ISyncStateData): void => {
    switch (state) {
      case SyncState.Prepared:
      case SyncState.Syncing:
        this.#begin();
        this.#tell();
        clearTimeout(this.#retry);
        if (this.#failures > 0) this.#news.trouble(undefined);
        this.#failures = 0;
        return;
      case SyncState.Reconnecting:
      case SyncState.Error:
        // A client that knew the room before tells what it knew.
        if (this.#client.isInitialSyncComplete() || data?.nextSyncToken !== undefined) this.#begin();
        this.#failed(data?.error);
        return;
      case SyncState.Catchup:
      case SyncState.Stopped:
    }
  };

  readonly #stumbled = (thrown: Error): void => {
    // The client goes on after it.
    this.#news.trouble(problem('UNEXPECTED', thrown.message));
    this.#failures = Math.max(1, this.#failures);
  };

  readonly #changed = (event: MatrixEvent, { roomId }: RoomState): void => {
    if (roomId !== this.#roomId || !this.#isKnown) return;
    this.#pending.push(...readState(event));
    // What is passed on together is told together.
    if (this.#isOfHost && this.#pending.length === 1) queueMicrotask(() => this.#tell());
  };

  readonly #moved = ({ roomId }: Room, membership: string): void => {
    if (roomId === this.#roomId && (membership === 'leave' || membership === 'ban')) this.#news.removed();
  };

  /** Tells all that the client knows of the room, once it knows it. */
  #begin(): void {
    const room = this.#client.getRoom(this.#roomId);
    if (this.#isKnown || room === null || !isIn(room)) return;
    this.#isKnown = true;
    clearTimeout(this.#patience);
    this.#news.state(
      this.#sifted(CALL_STATE_TYPES.flatMap(type => room.currentState.getStateEvents(type).flatMap(readState))),
    );
    this.#known.resolve();
  }

  #tell(): void {
    if (this.#pending.length === 0) return;
    const events = this.#sifted(this.#pending);
    this.#pending = [];
    if (events.length > 0) this.#news.state(events);
  }

  #sifted(events: StateEvent[]): StateEvent[] {
    return this.#present?.sift(events) ?? events;
  }

  #failed(cause: unknown): void {
    const { problem: reason } = problemOfRequest(cause);
    const isOver = reason.code === 'TOKEN_REFUSED';
    if (!this.#isKnown) this.#known.reject(new ProblemError(reason, { cause }));
    this.#news.trouble(isOver ? reason : { ...reason, remedy: KEEPS_TRYING });
    this.#failures += 1;
    clearTimeout(this.#retry);
    if (isOver) {
      this.#present?.close();
      return;
    }
    // The client itself would wait up to 10 s: long for somebody who waits to be heard.
    this.#retry = setTimeout(() => this.#tryAgain(), backoffMs(this.#failures, Math.random()));
  }

  /** Asks whether the homeserver is back, which the client does once it is asked to; again, until it says so. */
  #tryAgain(): void {
    this.#client.retryImmediately();
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#tryAgain(), backoffMs(this.#failures, Math.random()));
  }
}

/** What a client knows of a room that it was in before, or is invited to, is not the room's state. */
function isIn(room: Room): boolean {
  const membership = room.getMyMembership();
  if (membership === 'join') return true;
  // Some homeservers do not tell people of themselves.
  const own = room.currentState.getStateEvents('m.room.member', room.myUserId);
  return membership === 'leave' && own === null;
}

function readState(event: MatrixEvent): StateEvent[] {
  const [type, stateKey, sender] = [event.getType(), event.getStateKey(), event.getSender()];
  if (stateKey === undefined || sender === undefined || !CALL_STATE_TYPES.includes(type)) return [];
  return [{ type, stateKey, sender, content: event.getContent(), sentAt: event.getTs() }];
}
