/** What can go wrong, in words that a person can act on. */
import { type ErrorCode, ERRORS, type WeirErrorBody } from './wire.ts';

const PROBLEMS = {
  HOMESERVER_UNREACHABLE: {
    title: 'The homeserver cannot be reached',
    remedy: 'Check its address and your network, then try again.',
  },
  HOMESERVER_ERROR: {
    title: 'The homeserver could not do that',
    remedy: 'Try again in a moment. If it stays, tell whoever runs the homeserver.',
  },
  HOMESERVER_NOT_FOUND: {
    title: 'There is no Matrix homeserver at this address',
    remedy: 'Check the address. It is often the part of your Matrix id after the colon.',
  },
  TOKEN_REFUSED: {
    title: 'The homeserver refused the token',
    remedy: 'Sign in again. If you came by a link, ask for a new one.',
  },
  LOGIN_REFUSED: {
    title: 'The homeserver refused the user name or the password',
    remedy: 'Check both. Capital letters count.',
  },
  RATE_LIMITED: {
    title: 'The homeserver asks for a pause',
    remedy: 'Wait a minute, then try again.',
  },
  CALL_FORBIDDEN: {
    title: 'Members of this room may not start calls',
    remedy: 'A moderator has to allow org.matrix.msc3401.call.member for members in the permissions of the room.',
  },
  ROOM_NOT_FOUND: {
    title: 'You cannot enter this room',
    remedy: 'Check the link, or ask somebody in the room for an invitation.',
  },
  REMOVED_FROM_ROOM: {
    title: 'You are no longer in this room',
    remedy: 'Ask somebody in the room for an invitation.',
  },
  DEVICE_OF_ANOTHER_APP: {
    title: 'Another app has the keys of this device',
    remedy: 'Sign in with your password, so that this page gets a device of its own.',
  },
  OPEN_ELSEWHERE: {
    title: 'This call is open in another tab',
    remedy: 'Go on there, or close that tab and try again.',
  },
  ENCRYPTION_UNAVAILABLE: {
    title: 'This browser cannot encrypt here',
    remedy: 'Leave private browsing, or allow this page to keep data. Then try again.',
  },
  HOST_UNKNOWN: {
    title: 'This address does not say which app shows the call',
    remedy: 'Open the call in your chat app. If it comes from there, the app has to give all of the address.',
  },
  HOST_SILENT: {
    title: 'The app that shows this call does not answer',
    remedy: 'Try again, or close the call in the app and open it anew.',
  },
  HOST_REFUSED: {
    title: 'The app does not let this page hold the call',
    remedy: 'Try again, and allow what the app asks about.',
  },
  FOCUS_UNKNOWN: {
    title: 'This page does not know its conference server',
    remedy: 'Open it at the address where a weir focus serves it.',
  },
  FOCUS_NOT_IN_ROOM: {
    title: 'The conference server is not in this room',
    remedy: 'Somebody who may invite has to invite it.',
  },
  FOCUS_SILENT: {
    title: 'The conference server does not answer',
    remedy: 'This page keeps trying. If it lasts, tell whoever runs the conference server.',
  },
  MEDIA_BLOCKED: {
    title: 'Sound and picture do not get through',
    remedy: 'The network may block the ports of the conference server. Try another network.',
  },
  MEDIA_LOST: {
    title: 'The connection was lost',
    remedy: 'This page joins again by itself.',
  },
  CALL_ENDED: {
    title: 'The call has ended',
    remedy: 'Start a new call if you wish to go on.',
  },
  REPLACED: {
    title: 'You joined from another window',
    remedy: 'The call goes on there. Join here to bring it back.',
  },
  MAY_NOT_PUBLISH: {
    title: 'The others do not get all that you send',
    remedy: 'In this room only moderators may. One of them can give you a higher power level.',
  },
  FOCUS_FULL: {
    title: 'The conference server is full',
    remedy: 'Try again in a moment. Calls that run go on.',
  },
  FOCUS_REFUSED: {
    title: 'The conference server ended the connection',
    remedy: 'Join again. If it stays, tell whoever runs the conference server.',
  },
  INSECURE_PAGE: {
    title: 'Browsers give camera and microphone to secure pages only',
    remedy: 'Open this page by https.',
  },
  CAPTURE_DENIED: {
    title: 'The browser may not use your camera or microphone',
    remedy: 'Allow it beside the address bar, then try again. You can also join without.',
  },
  CAPTURE_MISSING: {
    title: 'No such camera or microphone was found',
    remedy: 'Plug one in or pick another. You can also join without.',
  },
  CAPTURE_BUSY: {
    title: 'The camera or microphone does not start',
    remedy: 'Close other programs that use it, then try again.',
  },
  LOUDSPEAKER_FAILED: {
    title: 'The loudspeaker cannot be used',
    remedy: 'Sound goes to the one of the system. Pick another under Devices.',
  },
  SCREEN_FAILED: {
    title: 'The screen could not be shared',
    remedy: 'Allow screen recording for the browser in the settings of the system, then try again.',
  },
  UNEXPECTED: {
    title: 'Something unexpected happened',
    remedy: 'Reload the page and join again.',
  },
} as const satisfies Record<string, { title: string; remedy: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Something that went wrong. `detail` adds to the title; both it and the remedy are for the person to read. */
export interface Problem {
  code: ProblemCode;
  title: string;
  detail: string;
  remedy: string;
}

export function problem(code: ProblemCode, detail = '', remedy: string = PROBLEMS[code].remedy): Problem {
  return { code, title: PROBLEMS[code].title, detail, remedy };
}

/** A problem, thrown. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(reason: Problem, options?: { cause?: unknown }) {
    super(reason.title, options);
    this.name = 'ProblemError';
    this.problem = reason;
  }
}

/** Any thrown thing as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  return problem('UNEXPECTED', thrown instanceof Error ? thrown.message : String(thrown));
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** What a focus said in `org.weir.error` (of a hangup or on the control channel), for a person. */
export function problemOfFocus(error: WeirErrorBody): Problem {
  const remedy = error.remedy ?? (isErrorCode(error.code) ? ERRORS[error.code].remedy : undefined);
  switch (error.code) {
    case 'WEIR_UNKNOWN_CONFERENCE':
      return problem('FOCUS_NOT_IN_ROOM', error.message);
    case 'WEIR_NOT_JOINED':
      return problem('REMOVED_FROM_ROOM', error.message);
    case 'WEIR_CALL_ENDED':
      return problem('CALL_ENDED', error.message);
    case 'WEIR_REPLACED':
      return problem('REPLACED');
    case 'WEIR_MAY_NOT_PUBLISH':
    case 'WEIR_MAY_NOT_REVOKE':
      return problem('MAY_NOT_PUBLISH', error.message);
    case 'WEIR_OVERLOADED':
      return problem('FOCUS_FULL', error.message);
    case 'WEIR_JOIN_TIMEOUT':
      return problem('MEDIA_BLOCKED', error.message);
    case 'WEIR_FOCUS_STOPPING':
    case 'WEIR_FOCUS_RESTARTED':
    case 'WEIR_KEEP_ALIVE':
    case 'WEIR_MEDIA_FAILED':
    case 'WEIR_WORKER_DIED':
      return problem('MEDIA_LOST', error.message);
    default:
      return problem('FOCUS_REFUSED', `${error.message} (${error.code})`, remedy);
  }
}

/** The same where this page asks again by itself, in so many ms. */
export function fullProblem(error: WeirErrorBody, afterMs: number): Problem {
  const seconds = Math.max(1, Math.round(afterMs / 1_000));
  return problem('FOCUS_FULL', error.message, `This page asks again in about ${seconds} s. Calls that run go on.`);
}

/** What getUserMedia threw (W3C Media Capture and Streams, 10.2), for a person. */
export function problemOfCapture(thrown: unknown, what: string): Problem {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return problem('CAPTURE_DENIED', what);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return problem('CAPTURE_MISSING', what);
    case 'NotReadableError':
    case 'AbortError':
      return problem('CAPTURE_BUSY', what);
    default:
      return problem('UNEXPECTED', `${what}: ${name || String(thrown)}`);
  }
}
