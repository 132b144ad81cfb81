import type { SyncPosition } from '../../src/ports.ts';
import { WeirError } from '../wire/errors.ts';
import { BackOff, pause } from './back-off.ts';
import { errorOf, type Failure, failureOf } from './failure.ts';
import { INVITES_FILTER, SYNC_FILTER } from './filter.ts';
import type { Health } from './health.ts';
import type { HomeserverHttp } from './http.ts';
import type { Invites } from './invites.ts';
import { withPresentState } from './present-state.ts';
import { readSync, type SyncResponse } from './read-sync.ts';
import type { HomeserverOptions } from './types.ts';

/** How long the homeserver may hold a request that has nothing to tell, in ms: a frozen one is noticed after that. */
const POLL_MS = 10_000;
/** What a response may take beyond that. */
const POLL_GRACE_MS = 5_000;
/** The whole state of many rooms takes a homeserver its time. */
const WHOLE_TIMEOUT_MS = 180_000;
/**
 * After so long without contact the state is read anew: homeservers bound how far back they look for events that the filter
 * wants, and leave a room out where they find none, with the state that changed before them.
 */
const WHOLE_AFTER_MS = 60_000;
const REFUSED_RETRY_MS = 60_000;
/** Homeservers give to-device messages in pages of 100. */
const TO_DEVICE_PAGE = 100;

interface Deps extends Pick<HomeserverOptions, 'events' | 'clock' | 'logger' | 'count'> {
  http: HomeserverHttp;
  health: Health;
  invites: Invites;
  /** User id of the focus. */
  self: string;
  signal: AbortSignal;
}

/** Where the loop stands. */
interface Cursor {
  since: string | undefined;
  /** When the homeserver had last told all that there was, ms since 1970; `undefined`: never. */
  heardAt: number | undefined;
  /** Ask for the whole state. */
  whole: boolean;
  catchUp: boolean;
  /** The last request failed: the next one is not to be held, so that the end of an outage shows at once. */
  probing: boolean;
}

/**
 * Asks for /sync until the signal is given; never rejects.
 *
 * A kept `since` gives what happened meanwhile but no old state, so the first request asks for `full_state` together with
 * `since` (client-server API, GET /sync): state whole, to-device messages exactly once, departures from rooms listed. Reading
 * the rooms one by one would cost a request each and leave a gap between state and timeline.
 */
export async function runSync(deps: Deps, position: SyncPosition | undefined): Promise<void> {
  const { clock, count, health, logger, signal } = deps;
  const backOff = new BackOff(500, 30_000);
  let cursor: Cursor = { since: position?.since, heardAt: position?.at, whole: true, catchUp: true, probing: false };
  // Invitations from before `since` are in no incremental sync: a join that the last run did not finish is taken up here.
  const openInvites = position === undefined ? Promise.resolve() : considerOpenInvites(deps);
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    const askedAt = clock.now();
    let response: SyncResponse;
    try {
      response = await ask(deps, cursor);
    } catch (thrown) {
      if (stopped()) break;
      const failure = failureOf(thrown);
      count('matrix_syncs', { outcome: failure.kind });
      if (failure.kind === 'rejected' && failure.status === 400 && cursor.since !== undefined) {
        logger.warn({ reason: failure.message }, 'the homeserver does not know the sync position; starting without');
        cursor = { since: undefined, heardAt: undefined, whole: true, catchUp: true, probing: false };
        continue;
      }
      await pause(clock, waitAfter(deps, failure, backOff.next()), signal);
      const lost = cursor.heardAt !== undefined && clock.now() - cursor.heardAt >= WHOLE_AFTER_MS;
      cursor = { ...cursor, whole: cursor.whole || lost, probing: true };
      continue;
    }
    backOff.reset();
    count('matrix_syncs', { outcome: 'ok' });
    health.reached();
    cursor = await handOver(deps, cursor, response, askedAt);
  }
  await openInvites;
}

async function ask(deps: Deps, cursor: Cursor): Promise<SyncResponse> {
  const { http, self, count, signal } = deps;
  const waitMs = cursor.whole || cursor.catchUp || cursor.probing ? 0 : POLL_MS;
  const json = await http.call({
    method: 'GET',
    path: '/sync',
    query: {
      filter: SYNC_FILTER,
      set_presence: 'offline',
      timeout: waitMs,
      ...(cursor.since === undefined ? {} : { since: cursor.since }),
      ...(cursor.whole ? { full_state: true } : {}),
    },
    timeoutMs: cursor.whole ? WHOLE_TIMEOUT_MS : waitMs + POLL_GRACE_MS,
    signal,
  });
  const response = readSync(json, self, count);
  if (response.kind === 'bad') throw response.error;
  // The whole state is told of every room: asking for each once more would take a homeserver its time.
  return cursor.whole ? response.value : withPresentState(deps, response.value);
}

async function handOver(deps: Deps, cursor: Cursor, response: SyncResponse, askedAt: number): Promise<Cursor> {
  const { clock, count, events, invites, logger } = deps;
  const { nextBatch, toDevice, trunkHellos, rooms } = response;
  const now = clock.now();
  for (const invite of response.invites) invites.consider(invite);
  try {
    await events.batch({
      position: { since: nextBatch, at: now },
      catchUp: cursor.catchUp,
      lateMs: cursor.heardAt === undefined ? undefined : Math.max(0, askedAt - cursor.heardAt),
      whole: cursor.whole,
      toDevice,
      trunkHellos,
      rooms,
    });
  } catch (thrown) {
    // Offering the same batch again would fail again, for ever: every other call goes on instead.
    count('matrix_batches_failed', {});
    logger.error({ err: thrown, code: 'WEIR_INTERNAL' }, 'a sync batch could not be taken; going on with the next');
  }
  const morePages = response.toDeviceCount >= TO_DEVICE_PAGE;
  return {
    since: nextBatch,
    // The messages of the next page are as old as those of this one.
    heardAt: morePages ? cursor.heardAt : now,
    whole: false,
    catchUp: cursor.catchUp && morePages,
    probing: false,
  };
}

/** Takes note of a failure; gives the ms to wait. */
function waitAfter({ health, logger }: Deps, failure: Failure, delay: number): number {
  const error = errorOf(failure);
  if (failure.kind === 'refused') {
    health.failed('refused', error);
    const { errcode, softLogout } = failure;
    logger.error({ code: error.code, errcode, softLogout, remedy: error.remedy }, 'the homeserver refuses the token');
    return REFUSED_RETRY_MS;
  }
  const unreachable = new WeirError('WEIR_HOMESERVER_UNREACHABLE', error.message);
  health.failed('unreachable', unreachable);
  const waitMs = failure.kind === 'limited' ? (failure.retryAfterMs ?? delay) : delay;
  logger.warn(
    { code: unreachable.code, reason: error.message, waitMs: Math.round(waitMs) },
    'sync failed; trying again',
  );
  return waitMs;
}

async function considerOpenInvites({ http, self, invites, signal, logger }: Deps): Promise<void> {
  try {
    const json = await http.call({
      method: 'GET',
      path: '/sync',
      query: { filter: INVITES_FILTER, set_presence: 'offline', timeout: 0 },
      timeoutMs: WHOLE_TIMEOUT_MS,
      signal,
    });
    const response = readSync(json, self, () => undefined);
    if (response.kind === 'ok') for (const invite of response.value.invites) invites.consider(invite);
  } catch (thrown) {
    if (!signal.aborted) logger.warn({ reason: failureOf(thrown).message }, 'could not read the open invitations');
  }
}
