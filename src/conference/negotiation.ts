/**
 * Offers and answers of one participant (RFC 8829 on MSC3898's channel). The client is the caller and impolite: where
 * offers cross, ours is rolled back, the client's is answered, and ours is made again.
 */
import { WeirError } from '../../signalling/wire/errors.ts';
import { endParticipant } from './coming-and-going.ts';
import { earlyTracks } from './early-offer.ts';
import { nowReceives } from './codecs.ts';
import { callOf, note, tell } from './effects.ts';
import type { Effect, Input } from './messages.ts';
import { metadataFor, scalabilityModes } from './metadata.ts';
import { publish } from './publishing.ts';
import { firstMetadata, metadataBeside } from './stream-news.ts';
import {
  type Client,
  type Conference,
  type Negotiation,
  nextRevision,
  type Participant,
  type ReplyWay,
} from './state.ts';

/** The client offers, whatever stands: the media engine rolls an offer of ours back by itself. */
export function clientOffered(
  conference: Conference,
  participant: Client,
  sdp: string,
  replyBy: ReplyWay,
  now: number,
  effects: Effect[],
): void {
  const { negotiation } = participant;
  if (negotiation.kind === 'preparing' && negotiation.heldAnswer !== undefined) {
    const metadata = firstMetadata(conference, participant);
    effects.push(
      tell(participant, { kind: 'admission', sdp: negotiation.heldAnswer, metadata, earlyOffer: undefined }),
    );
  }
  const outstanding = negotiation.kind === 'answering' ? negotiation.outstanding + 1 : 1;
  if (outstanding > conference.limits.pendingClientOffers) {
    const error = new WeirError('WEIR_OVERLOADED', 'too many offers wait for their answers');
    effects.push(
      note(participant, error.code, error.message),
      tell(participant, { kind: 'error', error, inReplyTo: 'm.call.negotiate' }),
    );
    return;
  }
  const revision = nextRevision(conference);
  participant.negotiation = {
    kind: 'answering',
    revision,
    outstanding,
    replyBy,
    offerDueAt: offerDueAfter(negotiation, now),
  };
  effects.push({
    kind: 'answer-offer',
    call: callOf(participant),
    sdp,
    modes: scalabilityModes(participant.metadata),
    revision,
  });
}

export function theyAnswered(conference: Conference, participant: Participant, sdp: string, effects: Effect[]): void {
  if (participant.negotiation.kind !== 'offering') {
    const error = new WeirError('WEIR_UNEXPECTED_MESSAGE', 'an answer without an offer');
    effects.push(
      note(participant, error.code, error.message),
      tell(participant, { kind: 'error', error, inReplyTo: 'm.call.negotiate' }),
    );
    return;
  }
  const { revision } = participant.negotiation;
  participant.negotiation = { kind: 'settling', revision };
  effects.push({ kind: 'take-answer', call: callOf(participant), sdp, revision });
}

/** The media engine has answered an offer of the client. */
export function offerAnswered(
  conference: Conference,
  participant: Client,
  outcome: Extract<Input, { kind: 'answered' }>,
  now: number,
  effects: Effect[],
): void {
  const { negotiation } = participant;
  if (negotiation.kind !== 'answering') return;
  publish(conference, participant, outcome.answer.published, now, effects);
  nowReceives(participant, outcome.answer.receives);
  for (const refused of outcome.answer.refused) {
    effects.push(note(participant, refused.code, refused.message));
    effects.push(
      tell(participant, {
        kind: 'error',
        error: new WeirError(refused.code, refused.message),
        inReplyTo: 'm.call.negotiate',
      }),
    );
  }
  const { sdp } = outcome.answer;
  if (negotiation.replyBy === 'invite') {
    for (const [key, track] of earlyTracks(conference, participant)) participant.offered.set(key, track);
    if (participant.offered.size > 0) {
      makeOffer(conference, participant, { attempt: 1, heldAnswer: sdp }, effects);
      return;
    }
    const metadata = firstMetadata(conference, participant);
    effects.push(tell(participant, { kind: 'admission', sdp, metadata, earlyOffer: undefined }));
  } else {
    const { replyBy: by } = negotiation;
    const news =
      by === 'control'
        ? { kind: 'answer' as const, sdp, metadata: metadataBeside(conference, participant, effects), by }
        : { kind: 'answer' as const, sdp, metadata: metadataFor(conference, participant), by };
    effects.push(tell(participant, news));
  }
  // Mostly the client is about to subscribe: one offer then serves both.
  const completion = outcome.answer.offerDue === true ? now + conference.timing.offerPatience : undefined;
  oneLessOutstanding(participant, { ...negotiation, offerDueAt: negotiation.offerDueAt ?? completion });
}

/** Whether an offer of ours must go out now, new tracks or not. */
export function isOfferDue(negotiation: Negotiation, now: number): boolean {
  return negotiation.kind === 'stable' && now >= (negotiation.offerDueAt ?? Number.POSITIVE_INFINITY);
}

/** When an offer of ours must come (again) once an offer of the client is answered. */
function offerDueAfter(negotiation: Negotiation, now: number): number | undefined {
  switch (negotiation.kind) {
    case 'answering':
    case 'stable':
      return negotiation.offerDueAt;
    case 'preparing':
    case 'offering':
    // The answer may yet turn out not to be taken.
    case 'settling':
      return now;
  }
}

function oneLessOutstanding(participant: Client, negotiation: Extract<Negotiation, { kind: 'answering' }>): void {
  participant.negotiation =
    negotiation.outstanding > 1
      ? { ...negotiation, outstanding: negotiation.outstanding - 1 }
      : { kind: 'stable', offerDueAt: negotiation.offerDueAt };
}

export function offerMade(
  conference: Conference,
  participant: Participant,
  outcome: Extract<Input, { kind: 'offer-made' }>,
  now: number,
  effects: Effect[],
): void {
  const { negotiation } = participant;
  // Overtaken by an offer of the client: rolled back by the media engine already.
  if (negotiation.kind !== 'preparing' || negotiation.revision !== outcome.revision) return;
  participant.negotiation = { kind: 'offering', revision: outcome.revision, attempt: negotiation.attempt, since: now };
  const { sdp } = outcome;
  if (negotiation.heldAnswer === undefined) {
    const metadata = metadataBeside(conference, participant, effects);
    effects.push(tell(participant, { kind: 'offer', sdp, metadata }));
  } else {
    const metadata = firstMetadata(conference, participant);
    effects.push(tell(participant, { kind: 'admission', sdp: negotiation.heldAnswer, metadata, earlyOffer: sdp }));
  }
}

export function answerTaken(participant: Participant, revision: number): void {
  if (participant.negotiation.kind === 'settling' && participant.negotiation.revision === revision) {
    participant.negotiation = { kind: 'stable', offerDueAt: undefined };
  }
}

/** What could not be negotiated ends the first offer's session; later ones go on with what was agreed before. */
export function negotiationFailed(
  conference: Conference,
  participant: Client,
  outcome: Extract<Input, { kind: 'negotiation-failed' }>,
  effects: Effect[],
): void {
  const { negotiation } = participant;
  effects.push(note(participant, outcome.error.code, outcome.error.message));
  switch (negotiation.kind) {
    case 'answering':
      if (negotiation.replyBy === 'invite') return endParticipant(conference, participant, outcome.error, effects);
      effects.push(tell(participant, { kind: 'error', error: outcome.error, inReplyTo: 'm.call.negotiate' }));
      return oneLessOutstanding(participant, negotiation);
    case 'preparing':
    case 'offering':
    case 'settling':
      if (negotiation.revision !== outcome.revision) return;
      return endParticipant(conference, participant, outcome.error, effects);
    case 'stable':
      return;
  }
}

/** An offer that cannot be made or agreed on leaves nothing to fall back to. */
export function offerFailed(
  conference: Conference,
  participant: Participant,
  error: WeirError,
  effects: Effect[],
): void {
  effects.push(note(participant, error.code, error.message));
  endParticipant(conference, participant, error, effects);
}

/** Makes an offer again that the client dropped without a word, a few times. */
export function offerUnanswered(
  conference: Conference,
  participant: Participant,
  now: number,
  effects: Effect[],
): void {
  const { negotiation, stage } = participant;
  if (negotiation.kind !== 'offering' || now - negotiation.since < conference.timing.offerTimeout) return;
  // While it is silent, or not there yet, it cannot answer; either has a limit of its own.
  if (participant.kind === 'focus' && participant.brokenUntil !== undefined) return;
  if (stage.kind === 'silent' || participant.control.kind === 'closed') return;
  if (negotiation.attempt >= conference.limits.unansweredOffers) {
    endParticipant(
      conference,
      participant,
      new WeirError('WEIR_NEGOTIATION_TIMEOUT', 'offers stay unanswered'),
      effects,
    );
    return;
  }
  makeOffer(conference, participant, { attempt: negotiation.attempt + 1, heldAnswer: undefined }, effects);
}

/** Asks the media engine for an offer of all that `participant.offered` holds. */
export function makeOffer(
  conference: Conference,
  participant: Participant,
  { attempt, heldAnswer }: { attempt: number; heldAnswer: string | undefined },
  effects: Effect[],
): void {
  const revision = nextRevision(conference);
  participant.negotiation = { kind: 'preparing', revision, attempt, heldAnswer };
  effects.push({ kind: 'make-offer', call: callOf(participant), tracks: [...participant.offered.values()], revision });
}
