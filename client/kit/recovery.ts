/** What to do when a session ended without our doing. Pure. */
import { backoffMs } from './backoff.ts';
import { type Problem, problem, problemOfFocus } from './problems.ts';
import type { WeirErrorBody } from './wire.ts';

/** How a session ended. */
export type Loss =
  | { kind: 'hangup'; reason: string; error: WeirErrorBody | undefined }
  /** No answer to the invite. */
  | { kind: 'unanswered' }
  | { kind: 'path'; why: 'never_connected' | 'disconnected' | 'silent' }
  /** Offers and answers led nowhere. */
  | { kind: 'negotiation'; why: string }
  /** A message could not be handed to the homeserver. */
  | { kind: 'signalling'; problem: Problem };

export type Verdict =
  | { kind: 'end'; problem: Problem }
  /** Join again with a new session, `afterMs` from now; `failures` counts on. */
  | { kind: 'again'; afterMs: number; problem: Problem; failures: number };

/** A session that held so long was a good one: what broke it is new. */
const HELD_MS = 5_000;
/** Unanswered invites have waited already. */
const MOST_UNANSWERED_FAILURES = 3;
/** Tries after which a refusal is believed. A focus learns of new rooms and members a little later than we do. */
const TRIES_WHEN_UNKNOWN = 6;
const TRIES_WHEN_REFUSED = 2;

/** How long to wait for the answer to an invite, in ms: short at first, longer where a focus is far or slow. */
export function answerTimeoutMs(failures: number): number {
  return Math.min(8_000, 3_000 * 1.4 ** Math.max(0, failures - 1));
}

/**
 * @param failures sessions in a row that did not hold, before this one
 * @param upForMs how long the session was connected, 0 where it never was
 * @param random in [0, 1), for jitter
 */
export function judge(loss: Loss, failures: number, upForMs: number, random: number): Verdict {
  const before = upForMs >= HELD_MS ? 0 : failures;
  const again = (reason: Problem, most = Number.POSITIVE_INFINITY): Verdict => ({
    kind: 'again',
    // The first try after a session that held goes out at once: most losses are restarts of the focus.
    afterMs: backoffMs(Math.min(before, most), random),
    problem: reason,
    failures: before + 1,
  });
  switch (loss.kind) {
    case 'unanswered':
      return again(problem('FOCUS_SILENT'), MOST_UNANSWERED_FAILURES);
    case 'path':
      return again(problem(loss.why === 'never_connected' ? 'MEDIA_BLOCKED' : 'MEDIA_LOST'));
    case 'negotiation':
      return again(problem('MEDIA_LOST', loss.why));
    case 'signalling':
      return loss.problem.code === 'TOKEN_REFUSED' ? { kind: 'end', problem: loss.problem } : again(loss.problem);
    case 'hangup':
      return judgeHangup(loss.reason, loss.error, before, again);
  }
}

function judgeHangup(
  reason: string,
  error: WeirErrorBody | undefined,
  before: number,
  again: (reason: Problem) => Verdict,
): Verdict {
  if (error === undefined) {
    if (reason === 'user_hangup') return { kind: 'end', problem: problem('CALL_ENDED') };
    if (reason === 'new_session') return { kind: 'end', problem: problem('REPLACED') };
    return again(problem('MEDIA_LOST', reason));
  }
  const said = problemOfFocus(error);
  const atMost = (tries: number): Verdict => (before >= tries ? { kind: 'end', problem: said } : again(said));
  switch (error.code) {
    case 'WEIR_CALL_ENDED':
    case 'WEIR_REPLACED':
      return { kind: 'end', problem: said };
    case 'WEIR_UNKNOWN_CONFERENCE':
    case 'WEIR_NOT_JOINED':
      return atMost(TRIES_WHEN_UNKNOWN);
    case 'WEIR_BAD_MESSAGE':
    case 'WEIR_BAD_SDP':
    case 'WEIR_NO_COMMON_CODEC':
    case 'WEIR_PAYLOAD_COLLISION':
      return atMost(TRIES_WHEN_REFUSED);
    default:
      return again(said);
  }
}
