/** Who is in the conference: joins, replaced sessions, leaves. */
import { announcesTooMuch } from '../../signalling/wire/description.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import { keyOfSession, keyOfTrack } from '../session.ts';
import { freshClaims } from './claim-rate.ts';
import { forgetData } from './data.ts';
import { noData } from './data-state.ts';
import { attend } from './due.ts';
import { callOf, note, tell } from './effects.ts';
import { barredKinds } from './permissions.ts';
import { ownMetadata, scalabilityModes, tracksOf } from './metadata.ts';
import type { Effect, Input } from './messages.ts';
import { enlist, forgetTracks, sessionsOf, setMetadata, strike } from './roster.ts';
import { type Client, clientCount, type Conference, nextRevision, type Participant } from './state.ts';
import { fociChanged, giveWay } from './trunk/giving-way.ts';
import { withdrawAsks } from './upstream-asks.ts';
import { nothingTold, nothingViewed } from './viewing.ts';

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
  for (const other of sessionsOf(conference, invite.session.userId)) {
    if (other.session.deviceId === invite.session.deviceId) {
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
  const participant: Client = {
    kind: 'client',
    key,
    session: invite.session,
    callId: invite.callId,
    place: revision,
    stage: { kind: 'joining', since: now, until: now + conference.timing.joinTimeout },
    path: 'unknown',
    control: { kind: 'closed' },
    ways: new Set(),
    negotiation: { kind: 'answering', revision, outstanding: 1, replyBy: 'invite', offerDueAt: undefined },
    metadata: {},
    shown: {},
    barred: barredKinds(conference.permissions, invite.session.userId),
    toldBarred: new Set(),
    toldRefused: new Set(),
    toldFloor: { floor: undefined, text: undefined },
    claims: freshClaims(now),
    earlyOffer: invite.earlyOffer,
    takesChanges: invite.takesChanges ?? false,
    published: new Set(),
    wanted: new Map(),
    auto: undefined,
    receives: undefined,
    offered: new Map(),
    viewing: nothingViewed(),
    telling: nothingTold(),
    data: noData(now),
    toldVersion: -1,
  };
  giveWay(conference, Object.keys(invite.metadata));
  const { metadata, taken } = ownMetadata(conference, participant, invite.metadata);
  if (taken.length > 0)
    effects.push(note(participant, 'WEIR_TRACK_TAKEN', 'another participant announces a stream of that id'));
  enlist(conference, participant);
  fociChanged(conference, participant);
  setMetadata(conference, participant, metadata);
  attend(conference, participant);
  const session = { conference: conference.id, session: invite.session, callId: invite.callId };
  effects.push({ kind: 'open', session, key, sdp: invite.sdp, modes: scalabilityModes(metadata), revision });
}

function refusalOf(conference: Conference, invite: Extract<Input, { kind: 'invited' }>): WeirError | undefined {
  if (clientCount(conference) >= conference.limits.participants)
    return new WeirError('WEIR_OVERLOADED', 'the conference is full', { retryAfterMs: RETRY_WHEN_FULL_MS });
  if (announcesTooMuch(invite.metadata))
    return new WeirError('WEIR_BAD_MESSAGE', 'sdp_stream_metadata: too many streams');
  return undefined;
}

/** The client hung up. */
export function leave(conference: Conference, participant: Client, effects: Effect[]): void {
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
  const call = callOf(participant);
  if (participant.kind === 'focus') {
    effects.push({ kind: 'close-trunk', call, code: error.code });
    return;
  }
  effects.push(tell(participant, { kind: 'hangup', error }));
  effects.push({ kind: 'close', call, code: error.code });
}

/** All sessions of a user who is no longer joined to the room. */
export function endUser(conference: Conference, userId: string, effects: Effect[]): void {
  for (const participant of sessionsOf(conference, userId))
    endParticipant(conference, participant, new WeirError('WEIR_NOT_JOINED', 'the user left the room'), effects);
}

function remove(conference: Conference, participant: Participant): void {
  const { tracks } = conference;
  strike(conference, participant);
  withdrawAsks(conference, participant);
  forgetData(conference, participant);
  for (const track of participant.published) tracks.delete(track);
  forgetTracks(conference, [...participant.published, ...tracksOf(participant.metadata).map(keyOfTrack)]);
  fociChanged(conference, participant);
}
