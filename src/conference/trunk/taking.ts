/** What comes from another focus by its trunk, and from the media engine about it. */
import type { ControlMessage } from '../../../signalling/wire/control.ts';
import { WeirError } from '../../../signalling/wire/errors.ts';
import { afterChange } from '../../../signalling/wire/streams-changed.ts';
import { endParticipant } from '../coming-and-going.ts';
import { dataClosed, dataDropped, forwardEnded, subscribeData } from '../data.ts';
import { callOf, note, tell } from '../effects.ts';
import { takeFloorAcross, takeRevocation } from '../floor-control.ts';
import { takeFromMedia } from '../from-media.ts';
import { offerLayers } from '../layers.ts';
import type { Effect, Input, ParticipantInput } from '../messages.ts';
import { answerTaken, offerFailed, offerMade, theyAnswered } from '../negotiation.ts';
import { type Conference, nextRevision, type RemoteFocus } from '../state.ts';
import { metadataBeside } from '../stream-news.ts';
import { announceAcross } from './announcing.ts';
import { speaksForOthers, trunkLinked } from './coming-and-going.ts';
import { announceDataAcross, dataEndedThere, dataOpenAcross } from './data.ts';
import { takeWishes } from './wishes.ts';

export function takeFromFocus(
  conference: Conference,
  focus: RemoteFocus,
  input: ParticipantInput,
  now: number,
  effects: Effect[],
): void {
  switch (input.kind) {
    case 'said':
      return takeFrame(conference, focus, input.message, now, effects);
    case 'garbled':
      effects.push(note(focus, input.error.code, input.error.message));
      effects.push(tell(focus, { kind: 'error', error: input.error }));
      return;
    case 'trunk-linked':
      return trunkLinked(conference, focus, input.state, now);
    case 'speaks-for':
      return speaksForOthers(conference, focus, input.devices);
    case 'trunk-closed':
    case 'peer-failed':
      return endParticipant(conference, focus, input.error, effects);
    case 'estimated':
    case 'measured':
    case 'shown':
    case 'loud':
    case 'dominant':
      return takeFromMedia(conference, focus, input, now);
    case 'answered':
      return theirOfferAnswered(conference, focus, input, effects);
    case 'offer-made':
      return offerMade(conference, focus, input, now, effects);
    case 'answer-taken':
      return answerTaken(focus, input.revision);
    case 'negotiation-failed':
      return negotiationFailed(conference, focus, input, effects);
    case 'path':
      return input.state === 'heard' ? dataOpenAcross(conference, focus) : undefined;
    case 'data-closed':
      focus.dataAcross.ended.add(input.channelId);
      return dataClosed(conference, focus, input.channelId, input.error, effects);
    case 'data-dropped':
      return dataDropped(focus, input.error, effects);
    case 'forward-ended':
      return forwardEnded(conference, focus, input.channel, input.error, effects);
    // A focus has one way, and opens no data channels: it announces those of its clients.
    case 'hung-up':
    case 'control-open':
    case 'line':
    case 'data-opened':
      return;
  }
}

function takeFrame(
  conference: Conference,
  focus: RemoteFocus,
  message: ControlMessage,
  now: number,
  effects: Effect[],
): void {
  switch (message.kind) {
    case 'metadata_changed':
      return announceAcross(conference, focus, message.metadata);
    case 'streams_changed':
      return announceAcross(conference, focus, afterChange(focus.announced, message));
    case 'negotiate':
      if (message.metadata !== undefined) announceAcross(conference, focus, message.metadata);
      return message.description.type === 'offer'
        ? theyOffered(conference, focus, message.description.sdp, effects)
        : theyAnswered(conference, focus, message.description.sdp, effects);
    case 'layers_wanted':
      return takeWishes(conference, focus, message.tracks);
    case 'layers_available':
      return offerLayers(conference, focus, message.tracks);
    case 'floor_across':
      return takeFloorAcross(conference, focus, message, now);
    case 'floor_revoke':
      return takeRevocation(conference, focus, message, now, effects);
    case 'data_subscription':
      return subscribeData(conference, focus, message.labels, effects);
    case 'data_channels':
      return announceDataAcross(conference, focus, message.channels, effects);
    case 'data_ended':
      return dataEndedThere(conference, focus, message, effects);
    case 'ping':
      effects.push(tell(focus, { kind: 'pong' }));
      return;
    case 'pong':
      return;
    case 'error':
      // Its complaint is for the log; answering it could go on for ever.
      effects.push(note(focus, 'WEIR_UNEXPECTED_MESSAGE', 'the other focus reported an error'));
      return;
    case 'subscription':
    case 'floor_request':
    case 'floor_release':
    case 'floor':
    case 'allocation':
    case 'speakers':
    case 'audio_levels':
      effects.push(note(focus, 'WEIR_UNEXPECTED_MESSAGE', `${message.kind}: not over a trunk`));
  }
}

/** The focus describes what it sends. */
function theyOffered(conference: Conference, focus: RemoteFocus, sdp: string, effects: Effect[]): void {
  if (focus.answering >= conference.limits.pendingClientOffers) {
    const error = new WeirError('WEIR_OVERLOADED', 'too many offers wait for their answers');
    return complain(focus, error, effects);
  }
  focus.answering += 1;
  effects.push({
    kind: 'answer-offer',
    call: callOf(focus),
    sdp,
    modes: new Map(),
    revision: nextRevision(conference),
  });
}

/** The media engine takes what the focus sends. */
function theirOfferAnswered(
  conference: Conference,
  focus: RemoteFocus,
  { answer }: Extract<Input, { kind: 'answered' }>,
  effects: Effect[],
): void {
  focus.answering = Math.max(0, focus.answering - 1);
  focus.declared = answer.published;
  conference.due.foci.add(focus);
  for (const { code, message } of answer.refused) complain(focus, new WeirError(code, message), effects);
  const metadata = metadataBeside(conference, focus, effects);
  effects.push(tell(focus, { kind: 'answer', sdp: answer.sdp, metadata, by: 'control' }));
}

/** What cannot be taken is not taken; what cannot be sent ends the trunk, which then begins anew. */
function negotiationFailed(
  conference: Conference,
  focus: RemoteFocus,
  outcome: Extract<Input, { kind: 'negotiation-failed' }>,
  effects: Effect[],
): void {
  const { negotiation } = focus;
  if (negotiation.kind !== 'stable' && negotiation.revision === outcome.revision)
    return offerFailed(conference, focus, outcome.error, effects);
  focus.answering = Math.max(0, focus.answering - 1);
  complain(focus, outcome.error, effects);
}

function complain(focus: RemoteFocus, error: WeirError, effects: Effect[]): void {
  effects.push(note(focus, error.code, error.message));
  effects.push(tell(focus, { kind: 'error', error, inReplyTo: 'm.call.negotiate' }));
}
