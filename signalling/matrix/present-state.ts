/**
 * What rooms are like now, where a sync is not to be relied on for it. It tells the state before its timeline; where two servers said something at a
 * time, that is the state as one of them saw it, and older than what was told before: who is joined comes as invited, and their call would
 * end. MSC4222 mends it, where the homeserver has that switched on.
 */
import { errorOf, failureOf } from './failure.ts';
import type { HomeserverHttp } from './http.ts';
import { readPresentState, type SyncResponse } from './read-sync.ts';
import type { HomeserverOptions, RoomChange, RoomDelta } from './types.ts';

const TIMEOUT_MS = 30_000;

interface Deps extends Pick<HomeserverOptions, 'logger' | 'count'> {
  http: HomeserverHttp;
  signal: AbortSignal;
}

/**
 * Puts the present state of each doubtful room in the place of what the sync told of it; what comes later is in the next sync. Rejects with what
 * `failureOf` sorts, where the homeserver cannot be asked: the sync is then to be asked for again.
 */
export async function withPresentState(deps: Deps, response: SyncResponse): Promise<SyncResponse> {
  if (response.doubtful.length === 0) return response;
  const doubtful = new Set(response.doubtful);
  const settle = async (delta: RoomDelta): Promise<RoomDelta> => {
    if (delta.membership !== 'join' || !doubtful.has(delta.roomId)) return delta;
    const changes = await presentState(deps, delta.roomId);
    return changes === undefined ? delta : { ...delta, changes };
  };
  return { ...response, rooms: await Promise.all(response.rooms.map(settle)) };
}

/** `undefined` where the homeserver does not tell: the focus has been removed meanwhile. */
async function presentState({ http, logger, count, signal }: Deps, roomId: string): Promise<RoomChange[] | undefined> {
  try {
    const path = `/rooms/${encodeURIComponent(roomId)}/state`;
    const read = readPresentState(await http.call({ method: 'GET', path, timeoutMs: TIMEOUT_MS, signal }), count);
    if (read.kind === 'bad') throw read.error;
    return read.value;
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure.kind !== 'rejected') throw thrown;
    logger.info(
      { room: roomId, code: errorOf(failure).code, reason: failure.message },
      'the state of a room is not told',
    );
    return undefined;
  }
}
