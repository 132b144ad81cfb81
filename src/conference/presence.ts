/** Who is heard, who is silent, who has been gone for too long. */
import { WeirError } from '../../signalling/wire/errors.ts';
import { nextLookAt } from './allotment.ts';
import { endParticipant } from './coming-and-going.ts';
import { attend } from './due.ts';
import { callOf, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import { isOfferDue, offerUnanswered } from './negotiation.ts';
import type { Client, Conference, ControlWay, Participant } from './state.ts';
import { watchBroken } from './trunk/coming-and-going.ts';
import { nothingTold } from './viewing.ts';

/** Another way to the client is open. What went another way before may be lost, so all of it is told again. */
export function wayOpened(conference: Conference, participant: Client, way: ControlWay, now: number): void {
  const ponged = participant.control.kind === 'open' && participant.control.ponged;
  participant.ways.add(way);
  participant.control = { kind: 'open', pingedAt: now, heardAt: now, ponged };
  participant.data.settledFor = -1;
  if (participant.data.labels !== undefined) conference.dataAsks++;
  // A publisher that cannot be told is not asked for anything.
  for (const track of participant.published) conference.due.upstream.add(track);
  tellAgain(participant);
}

/** The WebSocket is gone: the data channel goes on, if there is one. */
export function lineClosed(conference: Conference, participant: Client, now: number): void {
  participant.ways.delete('line');
  if (participant.ways.size === 0) participant.control = { kind: 'closed' };
  else wayOpened(conference, participant, 'channel', now);
}

/** Clients wait for the metadata, empty or not; the rest is told as far as it was asked for. */
function tellAgain(participant: Participant): void {
  participant.toldVersion = -1;
  participant.data.toldVersion = -1;
  const { asked } = participant.telling;
  Object.assign(participant.telling, { ...nothingTold(), asked, grants: participant.telling.grants });
  participant.telling.grants.clear();
}

/** Anything that a client says shows that it is alive. */
export function heard(participant: Participant, now: number): void {
  if (participant.control.kind === 'open') participant.control.heardAt = now;
}

export function pathChanged(participant: Client, path: 'heard' | 'silent'): void {
  participant.path = path;
  // A peer that comes back is asked at once whether its page is there, too.
  if (path === 'heard' && participant.control.kind === 'open') participant.control.pingedAt = 0;
}

/** Pings, time-outs, the end of those that stayed silent, and everything else that is due by now. */
export function watchTheClock(conference: Conference, now: number, effects: Effect[]): void {
  const { timing } = conference;
  for (const [key, { steerAt }] of conference.tracks)
    if (steerAt !== undefined && now >= steerAt) conference.due.upstream.add(key);
  for (const participant of [...conference.participants.values()]) {
    if (isDueBy(conference, participant, now)) attend(conference, participant);
    if (now >= nextLookAt(participant)) conference.due.looks.add(participant);
    if (
      participant.kind === 'client' &&
      participant.control.kind === 'open' &&
      now - participant.control.pingedAt >= timing.pingEvery
    ) {
      participant.control.pingedAt = now;
      effects.push(tell(participant, { kind: 'ping' }));
    }
    offerUnanswered(conference, participant, now, effects);
    if (participant.kind === 'focus') {
      watchBroken(conference, participant, now, effects);
      continue;
    }
    if (participant.stage.kind === 'joining' && now >= participant.stage.until) {
      const error = new WeirError('WEIR_JOIN_TIMEOUT', 'media and control channel did not come up in time');
      endParticipant(conference, participant, error, effects);
    } else if (participant.stage.kind === 'silent' && now >= participant.stage.until) {
      endParticipant(
        conference,
        participant,
        new WeirError('WEIR_KEEP_ALIVE', 'nothing was heard for too long'),
        effects,
      );
    }
  }
}

/** Whether something about it depends on what time it is, and is due. */
function isDueBy(conference: Conference, participant: Participant, now: number): boolean {
  const { negotiation, stage } = participant;
  if (stage.kind === 'present' && !isAudible(conference, participant, now)) return true;
  return isOfferDue(negotiation, now);
}

/** Moves a participant between joining, present and silent. True where that changes what the others see. */
export function updateStage(conference: Conference, participant: Participant, now: number, effects: Effect[]): boolean {
  if (participant.kind === 'focus') return false;
  const audible = isAudible(conference, participant, now);
  switch (participant.stage.kind) {
    case 'joining':
      if (!audible || participant.negotiation.kind === 'answering') return false;
      effects.push({ kind: 'arrived', call: callOf(participant), afterMs: now - participant.stage.since });
      participant.stage = { kind: 'present', since: now };
      return true;
    case 'present':
      if (audible) return false;
      participant.stage = { kind: 'silent', since: now, until: now + conference.timing.keepSilentFor };
      return true;
    case 'silent':
      if (!audible) return false;
      participant.stage = { kind: 'present', since: now };
      return true;
  }
}

function isAudible(conference: Conference, participant: Participant, now: number): boolean {
  // A broken trunk has a time of its own; media goes on without its WebSocket.
  if (participant.kind === 'focus') return true;
  if (participant.path !== 'heard') return false;
  const { control } = participant;
  if (control.kind === 'closed') return true;
  return !control.ponged || now - control.heardAt < conference.timing.silentAfter;
}
