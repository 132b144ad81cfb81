/**
 * The call's rules: (state, inputs, now) → state + effects. No I/O, no timers, no promises.
 *
 * `conference` is changed in place: its mailbox is its only owner. All inputs that are there are taken first and the
 * consequences drawn once, so that ten joins at a time cost each viewer one offer, not ten.
 */
import { attend } from './due.ts';
import { dataClosed, dataDropped, dataOpened, forwardEnded, subscribeData } from './data.ts';
import { note, tell } from './effects.ts';
import { endParticipant, endUser, join, leave } from './coming-and-going.ts';
import { encryptionRequired } from './encryption.ts';
import { takeFloorMessage } from './floor-control.ts';
import type { CallRef, Effect, Input, ParticipantInput } from './messages.ts';
import {
  theyAnswered,
  clientOffered,
  negotiationFailed,
  offerMade,
  offerAnswered,
  answerTaken,
} from './negotiation.ts';
import { takeFromMedia } from './from-media.ts';
import { offerLayers } from './layers.ts';
import { permissionsChanged } from './permissions.ts';
import { press } from './pressure.ts';
import { announce } from './publishing.ts';
import { heard, lineClosed, pathChanged, watchTheClock, wayOpened } from './presence.ts';
import { settle } from './settle.ts';
import type { Client, Conference, Participant, ReplyWay } from './state.ts';
import { subscribe } from './subscriptions.ts';
import { trunkOpened } from './trunk/coming-and-going.ts';
import { takeFromFocus } from './trunk/taking.ts';
import type { ControlMessage } from '../../signalling/wire/control.ts';

/** Takes `inputs` in order. `now` in ms since 1970; it must never run backwards. */
export function step(conference: Conference, inputs: readonly Input[], now: number): Effect[] {
  const effects: Effect[] = [];
  for (const input of inputs) take(conference, input, now, effects);
  settle(conference, now, effects);
  return effects;
}

function take(conference: Conference, input: Input, now: number, effects: Effect[]): void {
  switch (input.kind) {
    case 'invited':
      return join(conference, input, now, effects);
    case 'permissions-changed':
      return permissionsChanged(conference, input.permissions);
    case 'encryption-required':
      return encryptionRequired(conference, input.required);
    case 'pressed':
      return press(conference, input.videoShare);
    case 'trunk-opened':
      return trunkOpened(conference, input, now, effects);
    case 'user-left':
      return endUser(conference, input.userId, effects);
    case 'dissolved':
      for (const participant of [...conference.participants.values()])
        endParticipant(conference, participant, input.error, effects);
      return;
    case 'tick':
      conference.due.clock = true;
      return watchTheClock(conference, now, effects);
    case 'wake':
      return;
    default: {
      const participant = participantOf(conference, input.call);
      // The late word of a call that has ended, or of an earlier session of the device.
      if (participant === undefined) return;
      if (concernsOthersAlone(input)) conference.due.stages.add(participant);
      else attend(conference, participant);
      return participant.kind === 'focus'
        ? takeFromFocus(conference, participant, input, now, effects)
        : takeFrom(conference, participant, input, now, effects);
    }
  }
}

function participantOf(conference: Conference, call: CallRef): Participant | undefined {
  const participant = conference.participants.get(call.key);
  return participant?.callId === call.callId ? participant : undefined;
}

/** What its sender is served of and told does not change with it: these inputs are by far the most. */
function concernsOthersAlone(input: ParticipantInput): boolean {
  switch (input.kind) {
    case 'measured':
    case 'estimated':
    case 'loud':
    case 'dominant':
      return true;
    case 'said':
      return input.message.kind === 'ping' || input.message.kind === 'pong';
    default:
      return false;
  }
}

function takeFrom(
  conference: Conference,
  participant: Client,
  input: ParticipantInput,
  now: number,
  effects: Effect[],
): void {
  switch (input.kind) {
    case 'said':
      heard(participant, now);
      return takeMessage(conference, participant, input, now, effects);
    case 'garbled':
      heard(participant, now);
      effects.push(note(participant, input.error.code, input.error.message));
      effects.push(tell(participant, { kind: 'error', error: input.error }));
      return;
    case 'hung-up':
      return leave(conference, participant, effects);
    case 'control-open':
      return wayOpened(conference, participant, 'channel', now);
    case 'line':
      return input.state === 'opened'
        ? wayOpened(conference, participant, 'line', now)
        : lineClosed(conference, participant, now);
    case 'path':
      return pathChanged(participant, input.state);
    case 'estimated':
    case 'measured':
    case 'shown':
    case 'loud':
    case 'dominant':
      return takeFromMedia(conference, participant, input, now);
    case 'data-opened':
      return dataOpened(conference, participant, input.channel, now, effects);
    case 'data-closed':
      return dataClosed(conference, participant, input.channelId, input.error, effects);
    case 'data-dropped':
      return dataDropped(participant, input.error, effects);
    case 'forward-ended':
      return forwardEnded(conference, participant, input.channel, input.error, effects);
    case 'peer-failed':
      return endParticipant(conference, participant, input.error, effects);
    case 'answered':
      return offerAnswered(conference, participant, input, now, effects);
    case 'offer-made':
      return offerMade(conference, participant, input, now, effects);
    case 'answer-taken':
      return answerTaken(participant, input.revision);
    case 'negotiation-failed':
      return negotiationFailed(conference, participant, input, effects);
    case 'trunk-linked':
    case 'speaks-for':
    case 'trunk-closed':
      return;
  }
}

function takeMessage(
  conference: Conference,
  participant: Client,
  { message, replyBy }: { message: ControlMessage; replyBy: ReplyWay },
  now: number,
  effects: Effect[],
): void {
  switch (message.kind) {
    case 'subscription':
      return subscribe(conference, participant, message, effects);
    case 'metadata_changed':
      return announce(conference, participant, message.metadata, effects);
    case 'negotiate':
      // Unmuting shows in the metadata of an offer only.
      if (message.metadata !== undefined) announce(conference, participant, message.metadata, effects);
      return message.description.type === 'offer'
        ? clientOffered(conference, participant, message.description.sdp, replyBy, now, effects)
        : theyAnswered(conference, participant, message.description.sdp, effects);
    case 'layers_available':
      return offerLayers(conference, participant, message.tracks);
    case 'floor_request':
    case 'floor_release':
    case 'floor_revoke':
      return takeFloorMessage(conference, participant, message, now, effects);
    case 'data_subscription':
      return subscribeData(conference, participant, message.labels, effects);
    case 'floor':
    case 'floor_across':
    case 'data_channels':
    case 'data_ended':
    case 'allocation':
    case 'layers_wanted':
    case 'streams_changed':
    case 'speakers':
    case 'audio_levels':
      effects.push(note(participant, 'WEIR_UNEXPECTED_MESSAGE', `${message.kind}: for the focus to say`));
      return;
    case 'ping':
      effects.push(tell(participant, { kind: 'pong' }));
      return;
    case 'pong':
      if (participant.control.kind === 'open') participant.control.ponged = true;
      return;
    case 'error':
      // A client's complaint is for the log; answering it could go on for ever.
      effects.push(note(participant, 'WEIR_UNEXPECTED_MESSAGE', 'the client reported an error'));
      return;
  }
}
