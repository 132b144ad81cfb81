/** What to do when a session ended without our doing. Pure. */
import { askedWaitMs, backoffMs } from './backoff.ts';
import { fullProblem, type Problem, problem, problemOfFocus } from './problems.ts';
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

/** What happened to the sessions before, in a row. */
export interface JoinHistory {
  /** Sessions that did not hold. */
  failures: number;
  /** Sessions that the focus refused before they were connected. */
  refusals: number;
}

export const NO_HISTORY: JoinHistory = { failures: 0, refusals: 0 };

export type Verdict =
  | { kind: 'end'; problem: Problem }
  /** Join again with a new session, `afterMs` from now. */
  | { kind: 'again'; afterMs: number; problem: Problem; history: JoinHistory };

/** A session that held so long was a good one: what broke it is new. */
const HELD_MS = 5_000;
/** Unanswered invites have waited already. */
const MOST_UNANSWERED_FAILURES = 3;
/** Refusals after which the focus is believed. It learns of new rooms and members a little later than we do. */
const TRIES_WHEN_UNKNOWN = 6;
const TRIES_WHEN_REFUSED = 2;

/** How long to wait for the answer to an invite, in ms: short at first, longer where a focus is far or slow. */
export function answerTimeoutMs({ failures }: JoinHistory): number {
  return Math.min(8_000, 3_000 * 1.4 ** Math.max(0, failures - 1));
}

/**
 * @param before what happened until this session
 * @param upForMs how long the session was connected, 0 where it never was
 * @param random in [0, 1), for jitter
 */
export function judge(loss: Loss, before: JoinHistory, upForMs: number, random: number): Verdict {
  const failures = upForMs >= HELD_MS ? 0 : before.failures;
  const again = (reason: Problem, refusals = 0, most = Number.POSITIVE_INFINITY): Verdict => ({
    kind: 'again',
    // The first try after a session that held goes out at once: most losses are restarts of the focus.
    afterMs: backoffMs(Math.min(failures, most), random),
    problem: reason,
    history: { failures: failures + 1, refusals },
  });
  switch (loss.kind) {
    case 'unanswered':
      return again(problem('FOCUS_SILENT'), before.refusals, MOST_UNANSWERED_FAILURES);
    case 'path':
      return again(problem(loss.why === 'never_connected' ? 'MEDIA_BLOCKED' : 'MEDIA_LOST'));
    case 'negotiation':
      return again(problem('MEDIA_LOST', loss.why));
    case 'signalling':
      return loss.problem.code === 'TOKEN_REFUSED'
        ? { kind: 'end', problem: loss.problem }
        : again(loss.problem, before.refusals);
    case 'hangup':
      if (loss.error?.code === 'WEIR_OVERLOADED')
        return comeLater(loss.error, again(problemOfFocus(loss.error)), random);
      return judgeHangup(loss.reason, loss.error, upForMs > 0 ? 0 : before.refusals, again);
  }
}

/** A full focus says how long it takes; who comes sooner is refused again. */
function comeLater(error: WeirErrorBody, soonest: Verdict, random: number): Verdict {
  if (soonest.kind === 'end') return soonest;
  const asked = error.retry_after_ms === undefined ? 0 : askedWaitMs(error.retry_after_ms, random);
  const afterMs = Math.max(soonest.afterMs, asked);
  return { ...soonest, afterMs, problem: fullProblem(error, afterMs) };
}

function judgeHangup(
  reason: string,
  error: WeirErrorBody | undefined,
  refusals: number,
  again: (reason: Problem, refusals?: number) => Verdict,
): Verdict {
  if (error === undefined) {
    if (reason === 'user_hangup') return { kind: 'end', problem: problem('CALL_ENDED') };
    if (reason === 'new_session') return { kind: 'end', problem: problem('REPLACED') };
    return again(problem('MEDIA_LOST', reason));
  }
  const said = problemOfFocus(error);
  const atMost = (tries: number): Verdict =>
    refusals >= tries ? { kind: 'end', problem: said } : again(said, refusals + 1);
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
