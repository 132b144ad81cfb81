/** Who is in the conference: joins, replaced sessions, leaves. */
import { announcesTooMuch } from '../../signalling/wire/description.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import { keyOfSession, keyOfTrack } from '../session.ts';
import { freshClaims } from './claim-rate.ts';
import { callOf, note, tell } from './effects.ts';
import { noData } from './data-state.ts';
import { barredKinds } from './permissions.ts';
import { ownMetadata, scalabilityModes, tracksOf } from './metadata.ts';
import type { Effect, Input } from './messages.ts';
import { type Conference, nextRevision, nothingTold, nothingViewed, type Participant } from './state.ts';

/** ms. Somebody has to leave first. */
const RETRY_WHEN_FULL_MS = 30_000;

/** A new session. Its device's earlier one ends; a repeated invite of a call that is already here changes nothing. */
export function join(
  conference: Conference,
  invite: Extract<Input, { kind: 'invited' }>,
  now: number,
  effects: Effect[],
): void {
  const key = keyOfSession(invite.session);
  if (conference.participants.get(key)?.callId === invite.callId) return;
  for (const other of [...conference.participants.values()]) {
    if (other.session.userId === invite.session.userId && other.session.deviceId === invite.session.deviceId) {
      endParticipant(conference, other, new WeirError('WEIR_REPLACED', 'the device joined again'), effects);
    }
  }
  const refusal = refusalOf(conference, invite);
  if (refusal !== undefined) {
    effects.push({
      kind: 'tell',
      call: { key, callId: invite.callId },
      to: invite.session,
      news: { kind: 'hangup', error: refusal },
    });
    effects.push({ kind: 'close', call: { key, callId: invite.callId }, code: refusal.code });
    return;
  }
  const revision = nextRevision(conference);
  const participant: Participant = {
    key,
    session: invite.session,
    callId: invite.callId,
    stage: { kind: 'joining', since: now, until: now + conference.timing.joinTimeout },
    path: 'unknown',
    control: { kind: 'closed' },
    ways: new Set(),
    negotiation: { kind: 'answering', revision, outstanding: 1, replyBy: 'invite', offerDueAt: undefined },
    metadata: {},
    barred: barredKinds(conference.permissions, invite.session.userId),
    toldBarred: new Set(),
    toldFloor: { floor: undefined, text: undefined },
    claims: freshClaims(now),
    earlyOffer: invite.earlyOffer,
    published: new Set(),
    wanted: new Map(),
    auto: undefined,
    receives: undefined,
    offered: new Map(),
    viewing: nothingViewed(),
    telling: nothingTold(),
    data: noData(now),
    isDue: true,
    settledFor: -1,
    toldVersion: -1,
  };
  const { metadata, taken } = ownMetadata(conference, participant, invite.metadata);
  participant.metadata = metadata;
  if (taken.length > 0)
    effects.push(note(participant, 'WEIR_TRACK_TAKEN', 'another participant announces a stream of that id'));
  conference.participants.set(key, participant);
  const session = { conference: conference.id, session: invite.session, callId: invite.callId };
  effects.push({ kind: 'open', session, key, sdp: invite.sdp, modes: scalabilityModes(metadata), revision });
}

function refusalOf(conference: Conference, invite: Extract<Input, { kind: 'invited' }>): WeirError | undefined {
  if (conference.participants.size >= conference.limits.participants)
    return new WeirError('WEIR_OVERLOADED', 'the conference is full', { retryAfterMs: RETRY_WHEN_FULL_MS });
  if (announcesTooMuch(invite.metadata))
    return new WeirError('WEIR_BAD_MESSAGE', 'sdp_stream_metadata: too many streams');
  return undefined;
}

/** The client hung up. */
export function leave(conference: Conference, participant: Participant, effects: Effect[]): void {
  remove(conference, participant);
  effects.push({ kind: 'close', call: callOf(participant), code: undefined });
}

/** The focus ends a session, and says why. */
export function endParticipant(
  conference: Conference,
  participant: Participant,
  error: WeirError,
  effects: Effect[],
): void {
  remove(conference, participant);
  effects.push(tell(participant, { kind: 'hangup', error }));
  effects.push({ kind: 'close', call: callOf(participant), code: error.code });
}

/** All sessions of a user who is no longer joined to the room. */
export function endUser(conference: Conference, userId: string, effects: Effect[]): void {
  for (const participant of [...conference.participants.values()]) {
    if (participant.session.userId !== userId) continue;
    endParticipant(conference, participant, new WeirError('WEIR_NOT_JOINED', 'the user left the room'), effects);
  }
}

function remove(conference: Conference, participant: Participant): void {
  conference.participants.delete(participant.key);
  for (const track of participant.published) conference.tracks.delete(track);
  const ofItsOwn = new Set([...participant.published, ...tracksOf(participant.metadata).map(keyOfTrack)]);
  for (const other of conference.participants.values()) {
    for (const [key, wanted] of other.wanted) if (ofItsOwn.has(keyOfTrack(wanted))) other.wanted.delete(key);
    other.isDue = true;
  }
  conference.streamsVersion++;
  conference.dataVersion++;
  if (participant.stage.kind === 'present') conference.metadataVersion++;
}
