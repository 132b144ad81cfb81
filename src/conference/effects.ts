/** Short hands for effects about one participant. */
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import type { CallRef, Effect, News } from './messages.ts';
import type { Participant } from './state.ts';

export function callOf(participant: Participant): CallRef {
  return { key: participant.key, callId: participant.callId };
}

export function tell(participant: Participant, news: News): Effect {
  return { kind: 'tell', call: callOf(participant), to: participant.session, news };
}

export function note(participant: Participant, code: ErrorCode, message: string): Effect {
  return { kind: 'note', call: callOf(participant), code, message };
}
