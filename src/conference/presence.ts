/** Who is heard, who is silent, who has been gone for too long. */
import { WeirError } from '../../signalling/wire/errors.ts';
import { endParticipant } from './coming-and-going.ts';
import { callOf, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import { offerUnanswered } from './negotiation.ts';
import type { Conference, Participant } from './state.ts';

export function channelOpened(participant: Participant, now: number): void {
  participant.control = { kind: 'open', pingedAt: now, heardAt: now, ponged: false };
  // What it was told before it could hear is told now, empty or not: clients wait for it.
  participant.toldVersion = -1;
}

/** Anything that a client says shows that it is alive. */
export function heard(participant: Participant, now: number): void {
  if (participant.control.kind === 'open') participant.control.heardAt = now;
}

export function pathChanged(participant: Participant, path: 'heard' | 'silent'): void {
  participant.path = path;
  // A peer that comes back is asked at once whether its page is there, too.
  if (path === 'heard' && participant.control.kind === 'open') participant.control.pingedAt = 0;
}

/** Pings, time-outs, and the end of those that stayed silent. */
export function watchTheClock(conference: Conference, now: number, effects: Effect[]): void {
  const { timing } = conference;
  for (const participant of [...conference.participants.values()]) {
    if (participant.control.kind === 'open' && now - participant.control.pingedAt >= timing.pingEvery) {
      participant.control.pingedAt = now;
      effects.push(tell(participant, { kind: 'ping' }));
    }
    offerUnanswered(conference, participant, now, effects);
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

/** Moves a participant between joining, present and silent. True where that changes what the others see. */
export function updateStage(conference: Conference, participant: Participant, now: number, effects: Effect[]): boolean {
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
  if (participant.path !== 'heard') return false;
  const { control } = participant;
  if (control.kind === 'closed') return true;
  return !control.ponged || now - control.heardAt < conference.timing.silentAfter;
}
