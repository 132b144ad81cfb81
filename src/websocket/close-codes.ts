import { type ErrorCode, ERRORS } from '../../signalling/wire/errors.ts';

/** Close code of a WebSocket for each of our codes (RFC 6455, section 7.4.2: 4000 to 4999 are ours). The reason is the code itself. */
export function closeCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'WEIR_BAD_MESSAGE':
      return 4400;
    case 'WEIR_TOKEN_REFUSED':
      return 4401;
    case 'WEIR_TRUNK_NOT_NAMED':
    case 'WEIR_TRUNK_DENIED':
      return 4403;
    case 'WEIR_REPLACED':
      return 4409;
    case 'WEIR_TRUNK_CLOSED':
    case 'WEIR_CALL_ENDED':
      return 4410;
    case 'WEIR_OVERLOADED':
    case 'WEIR_TRUNK_OVERFLOW':
      return 4413;
    case 'WEIR_TOO_MANY_MESSAGES':
    case 'WEIR_TRUNK_LIMIT':
      return 4429;
    case 'WEIR_STARTING':
    case 'WEIR_FOCUS_STOPPING':
      return 1001;
    default:
      return 1011;
  }
}

/** The code in the reason of a closing; `undefined` where it is none of ours. */
export function codeOfReason(reason: string): ErrorCode | undefined {
  return isErrorCode(reason) ? reason : undefined;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
