/** The floor in a conference: who may ask for it, who loses it, who is told. */
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { FloorMessage, FloorState } from '../../signalling/wire/floor.ts';
import type { FloorAcross } from '../../signalling/wire/floor-across.ts';
import { mayModerateFloor } from '../../signalling/wire/permissions.ts';
import { type DeviceKey, deviceOf, keyOfDevice, type TrackKey } from '../session.ts';
import { afterClaim } from './claim-rate.ts';
import { trackChanged } from './due.ts';
import { note, tell } from './effects.ts';
import {
  type Floor,
  FREE_FLOOR,
  keepFloor,
  MOST_WAITING,
  releaseFloor,
  RENEW_WITHIN_MS,
  requestFloor,
  revokeFloor,
} from './floor.ts';
import { SELF } from './floor-state.ts';
import type { Effect } from './messages.ts';
import { isOf } from './permissions.ts';
import { clientOf } from './roster.ts';
import { spoke } from './speakers.ts';
import type { Client, Conference, Participant, RemoteFocus } from './state.ts';
import {
  arbiterOf,
  chooseArbiter,
  claimedBy,
  floorElsewhere,
  hearFloor,
  takenOver,
  wantedAt,
} from './trunk/floor-across.ts';

type Revocation = Extract<FloorMessage, { kind: 'floor_revoke' }>;

/** A client says something about the floor. */
export function takeFloorMessage(
  conference: Conference,
  participant: Client,
  message: Exclude<FloorMessage, FloorState>,
  now: number,
  effects: Effect[],
): void {
  const { floor } = conference;
  switch (message.kind) {
    case 'floor_request':
      if (floor === undefined) return refuse('WEIR_UNEXPECTED_MESSAGE', 'the call has no floor: everybody is heard');
      if (participant.barred.has('audio')) return refuse('WEIR_MAY_NOT_PUBLISH', 'audio: not with this power level');
      return request(floor, keyOfDevice(participant.session));
    case 'floor_release': {
      const by = keyOfDevice(participant.session);
      conference.turns.wishes.delete(by);
      // A key may come up after the floor has gone.
      if (floor !== undefined && isArbiter(conference)) setFloor(conference, releaseFloor(floor, by, now));
      return;
    }
    case 'floor_revoke':
      if (floor === undefined) return refuse('WEIR_UNEXPECTED_MESSAGE', 'the call has no floor: everybody is heard');
      if (!mayModerateFloor(conference.permissions, participant.session.userId))
        return refuse('WEIR_MAY_NOT_REVOKE', 'not with this power level');
      return revoke(conference, floor, message, participant, now, effects);
  }

  function request(floor: Floor, by: DeviceKey): void {
    const { wishes } = conference.turns;
    const claims = wishes.has(by) ? participant.claims : afterClaim(participant.claims, now);
    if (claims === undefined) return refuse('WEIR_TOO_MANY_MESSAGES', 'the floor is asked for too often');
    participant.claims = claims;
    const isFull = !wishes.has(by) && floor.queue.length >= MOST_WAITING;
    const after = isArbiter(conference) ? requestFloor(floor, by, now) : floor;
    if (isFull || after === 'full') return refuse('WEIR_OVERLOADED', 'too many wait for the floor');
    wishes.set(by, now);
    // Elsewhere it is handed out by the focus that hears of this wish.
    setFloor(conference, after);
  }

  function refuse(code: ErrorCode, text: string): void {
    const error = new WeirError(code, text);
    effects.push(note(participant, error.code, error.message));
    effects.push(tell(participant, { kind: 'error', error, inReplyTo: `org.weir.${message.kind}` }));
  }
}

function isArbiter({ turns }: Conference): boolean {
  return turns.arbiter.kind === 'self';
}

/** A moderator who is here takes the floor from its holder. */
function revoke(
  conference: Conference,
  floor: Floor,
  { holder }: Revocation,
  { session: { userId, deviceId } }: Client,
  now: number,
  effects: Effect[],
): void {
  const holding = floor.holder && deviceOf(floor.holder.by);
  // Meant for somebody who has lost it meanwhile: the next one is not to pay for that.
  if (holding === undefined || (holder !== undefined && keyOfDevice(holder) !== floor.holder?.by)) return;
  if (isArbiter(conference)) return setFloor(conference, revokeFloor(floor, now));
  const arbiter = arbiterOf(conference);
  const message: Revocation = { kind: 'floor_revoke', holder: holding, by: { userId, deviceId } };
  if (arbiter !== undefined) effects.push(tell(arbiter, { kind: 'floor_across', message }));
}

/** Another focus says whom it hears, and who of its clients wants the floor. */
export function takeFloorAcross(conference: Conference, focus: RemoteFocus, message: FloorAcross, now: number): void {
  hearFloor(focus, message, now);
  const { floor } = conference;
  if (floor !== undefined && isArbiter(conference)) setFloor(conference, claimedBy(conference, focus, floor, now));
}

/** Another focus passes on that a moderator who is there takes the floor from its holder. */
export function takeRevocation(
  conference: Conference,
  focus: RemoteFocus,
  { holder, by }: Revocation,
  now: number,
  effects: Effect[],
): void {
  const { floor, permissions } = conference;
  if (floor === undefined || !isArbiter(conference))
    return void effects.push(note(focus, 'WEIR_UNEXPECTED_MESSAGE', 'the floor is not handed out here'));
  if (by === undefined || !focus.speaksFor.has(keyOfDevice(by)) || !mayModerateFloor(permissions, by.userId)) {
    const error = new WeirError('WEIR_MAY_NOT_REVOKE', 'another focus takes the floor for somebody who may not');
    effects.push(note(focus, error.code, error.message));
    effects.push(tell(focus, { kind: 'error', error, inReplyTo: 'org.weir.floor_revoke' }));
    return;
  }
  if (holder !== undefined && keyOfDevice(holder) === floor.holder?.by) setFloor(conference, revokeFloor(floor, now));
}

/** Finds who hands out the floor, and takes it from who has left, is silent or may not speak (any more). To be called in each step. */
export function watchFloor(conference: Conference, now: number): void {
  const { floor, turns } = conference;
  if (floor === undefined) {
    turns.wishes.clear();
    turns.arbiter = SELF;
    return;
  }
  for (const [by, askedAt] of turns.wishes)
    if (now - askedAt >= RENEW_WITHIN_MS || !maySpeak(clientOf(conference, by))) turns.wishes.delete(by);
  const wasArbiter = isArbiter(conference);
  turns.arbiter = chooseArbiter(conference, now);
  if (!isArbiter(conference)) return setFloor(conference, floorElsewhere(conference, floor, now));
  turns.knownAt = now;
  const isWanted = (by: DeviceKey): boolean => wantedAt(conference, by) !== undefined;
  setFloor(conference, keepFloor(wasArbiter ? floor : takenOver(conference, floor, now), isWanted, now));
}

function maySpeak(client: Client | undefined): boolean {
  return client?.stage.kind === 'present' && !client.barred.has('audio');
}

function setFloor(conference: Conference, floor: Floor): void {
  const before = conference.floor?.holder?.by;
  conference.floor = floor;
  const holder = floor.holder?.by;
  if (before === holder) return;
  for (const device of [before, holder])
    for (const key of device === undefined ? [] : tracksOf(conference, device)) trackChanged(conference, key);
  if (holder !== undefined) speaksFirst(conference, holder);
}

/** What a device publishes, wherever it is. */
function tracksOf(conference: Conference, device: DeviceKey): TrackKey[] {
  const client = clientOf(conference, device);
  if (client !== undefined) return [...client.published];
  return [...conference.roster.foci].flatMap(focus =>
    [...focus.published].filter(key => {
      const ref = conference.tracks.get(key)?.track.ref;
      return ref !== undefined && isOf(focus, ref, device);
    }),
  );
}

/** Who gets the floor is who speaks, before its first word. */
function speaksFirst(conference: Conference, holder: DeviceKey): void {
  for (const key of tracksOf(conference, holder)) {
    const publication = conference.tracks.get(key);
    const speaker = publication && conference.participants.get(publication.publisher);
    if (speaker !== undefined && publication?.track.kind === 'audio') spoke(conference, speaker, publication.track.ref);
  }
}

/** Tells all of the floor; its holder last, so that who has lost it is told before somebody else has it. */
export function tellFloors(conference: Conference, effects: Effect[]): void {
  const { floor, due, participants } = conference;
  const holder = floor?.holder && clientOf(conference, floor.holder.by);
  const concerned = due.before.floor === floor ? due.participants : participants.values();
  for (const participant of concerned) if (participant !== holder) tellFloor(conference, participant, effects);
  if (holder !== undefined) tellFloor(conference, holder, effects);
}

/** Tells a participant of the floor, where what it is to know has changed. */
function tellFloor(conference: Conference, participant: Participant, effects: Effect[]): void {
  const { floor } = conference;
  if (participant.kind === 'focus') return;
  if (participant.control.kind !== 'open' || participant.toldFloor.floor === floor) return;
  // The floor was given up, or never was: who never heard of one need not.
  const message = floorFor(floor ?? FREE_FLOOR, participant);
  const text = floor === undefined && participant.toldFloor.text === undefined ? undefined : JSON.stringify(message);
  const isNews = text !== participant.toldFloor.text;
  participant.toldFloor = { floor, text };
  if (isNews) effects.push(tell(participant, { kind: 'floor', message }));
}

function floorFor({ holder, queue }: Floor, { session }: Client): FloorState {
  const own = keyOfDevice(session);
  const place = queue.findIndex(({ by }) => by === own);
  return {
    kind: 'floor',
    holder: holder && deviceOf(holder.by),
    you: holder?.by === own ? 'holder' : place >= 0 ? 'queued' : 'none',
    ...(place >= 0 ? { position: place + 1 } : {}),
    ...(holder?.until === undefined ? {} : { until: holder.until }),
  };
}
