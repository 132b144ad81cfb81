/** Every error that leaves a room of this code has one of these codes: in the log, the metric, the wire and docs/operating.md. */
export const ERRORS = {
  WEIR_BAD_MESSAGE: {
    cause: 'A message does not have the shape that its type asks for.',
    remedy: 'Correct the client; docs/protocol.md shows every message.',
  },
  WEIR_BAD_SDP: {
    cause: 'A session description cannot be parsed or lacks what a call needs (ICE, DTLS fingerprint, mids).',
    remedy: 'Correct the client; docs/protocol.md lists what an offer must hold.',
  },
  WEIR_NO_COMMON_CODEC: {
    cause: 'A media section offers no codec that the focus forwards, or a viewer none that a track is sent in.',
    remedy:
      'Use a browser with more codecs; or leave one for video in media.codecs, which all clients have (VP8, mostly).',
  },
  WEIR_PAYLOAD_COLLISION: {
    cause: 'A client uses a payload type for something else than the focus does.',
    remedy: 'Use the payload types of docs/protocol.md.',
  },
  WEIR_UNKNOWN_CONFERENCE: {
    cause: 'No room that both the focus and the user have joined has a call with this conf_id.',
    remedy: 'Invite the focus to the room and start a call there.',
  },
  WEIR_NOT_JOINED: {
    cause: 'The user is not (or no longer) joined to the room of the call.',
    remedy: 'Join the room.',
  },
  WEIR_CALL_ENDED: {
    cause: 'The call was ended, or the focus left its room.',
    remedy: 'Start a new call.',
  },
  WEIR_STALE_INVITE: {
    cause: 'The invite is older than its lifetime or belongs to an earlier run of the focus.',
    remedy: 'Nothing: the client joins again by itself.',
  },
  WEIR_NO_SESSION: {
    cause: 'A message is about a call that the focus does not know (any more).',
    remedy: 'Nothing: the client joins again by itself.',
  },
  WEIR_FOCUS_RESTARTED: {
    cause: 'The focus was restarted; sessions of its earlier run are gone.',
    remedy: 'Nothing: the client joins again by itself.',
  },
  WEIR_FOCUS_STOPPING: {
    cause: 'The focus is being shut down.',
    remedy: 'Join again when it is back, or on another focus.',
  },
  WEIR_REPLACED: {
    cause: 'The same device joined again with a new session.',
    remedy: 'Nothing: the new session serves the device.',
  },
  WEIR_KEEP_ALIVE: {
    cause: 'Nothing was heard from the participant for longer than it may be silent.',
    remedy: 'Check the network of the participant; the client joins again by itself.',
  },
  WEIR_JOIN_TIMEOUT: {
    cause: 'The participant was answered but its media connection did not come up in time.',
    remedy: 'Check that the announced addresses and ports of the focus can be reached from the client.',
  },
  WEIR_NEGOTIATION_TIMEOUT: {
    cause: 'The participant did not answer an offer of the focus, repeatedly.',
    remedy: 'Correct the client: every offer needs an answer or an offer of its own.',
  },
  WEIR_UNKNOWN_TRACK: {
    cause: 'A subscription names a track that nobody in the conference publishes.',
    remedy: 'Subscribe to tracks of the latest stream metadata.',
  },
  WEIR_TRACK_TAKEN: {
    cause: 'A participant announced a stream or track id that another participant uses.',
    remedy: 'Use random ids.',
  },
  WEIR_MAY_NOT_PUBLISH: {
    cause: 'A participant publishes, or wants to, what the room lets only others publish.',
    remedy: 'Ask a moderator of the room: org.weir.call.permissions says which power level it takes.',
  },
  WEIR_CLEAR_MEDIA: {
    cause:
      'A participant publishes a stream that is not encrypted end to end, in an encrypted room where that is asked for.',
    remedy:
      'Use a client that encrypts calls; or lift encryption.require_in_encrypted_rooms, if clear media may be forwarded.',
  },
  WEIR_MAY_NOT_REVOKE: {
    cause: 'A participant without the power for it wants to take the floor from its holder.',
    remedy: 'Ask a moderator of the room: org.weir.call.permissions says which power level it takes.',
  },
  WEIR_UNEXPECTED_MESSAGE: {
    cause: 'A message does not fit the state of its session (an answer without an offer, say).',
    remedy: 'Nothing, if rare; otherwise correct the client.',
  },
  WEIR_OVERLOADED: {
    cause: 'The focus, a conference or a queue is full; the message says which.',
    remedy:
      'Come again later. Of one noisy client: send less. Where it happens often, give the focus more of the machine, or raise the bound in limits or overload.',
  },
  WEIR_TOO_MANY_MESSAGES: {
    cause: 'A client sends control messages faster than 100 a second, and some were dropped.',
    remedy: 'Correct the client: it may gather what it wants into one message.',
  },
  WEIR_DATA_LIMIT: {
    cause:
      'A client, or another focus, publishes or subscribes to more application data than it may: channels, labels, size or rate.',
    remedy:
      'Send less; limits.data_message_bytes, limits.data_messages_per_second and limits.data_bytes_per_second can be raised.',
  },
  WEIR_DATA_OVERFLOW: {
    cause:
      'A subscriber, or the way to another focus, did not take the messages of a reliable data channel as fast as they came; the channel was closed there.',
    remedy: 'Subscribe again, to less; what may be lost belongs on a lossy channel.',
  },
  WEIR_MEDIA_FAILED: {
    cause: 'The media engine refused or lost a transport, producer or consumer.',
    remedy: 'See the log line for the cause; the client joins again by itself.',
  },
  WEIR_WORKER_DIED: {
    cause: 'A media worker process ended.',
    remedy: 'Nothing at once: it is replaced and its participants join again. Report it with the log.',
  },
  WEIR_HOMESERVER_REFUSED: {
    cause: 'The homeserver refused the access token or the password.',
    remedy: 'Put a valid token or password into the configuration and restart.',
  },
  WEIR_HOMESERVER_UNREACHABLE: {
    cause: 'The homeserver does not answer, or answers with errors.',
    remedy: 'Check homeserver.url and the homeserver; the focus tries again by itself.',
  },
  WEIR_STORE_FAILED: {
    cause: 'The state directory cannot be read or written.',
    remedy: 'Check the path, its owner and the free space.',
  },
  WEIR_CONFIG: {
    cause: 'The configuration has wrong or missing keys.',
    remedy: 'Run `weir check-config`; it names every wrong key.',
  },
  WEIR_LISTEN: {
    cause: 'An address or port to listen on is taken, does not exist on this machine, or needs more rights.',
    remedy: 'Choose another one in the configuration, or end the program that holds it.',
  },
  WEIR_STARTING: {
    cause: 'The focus is still starting: it has not reached the homeserver yet.',
    remedy: 'Wait; if it lasts, see the log.',
  },
  WEIR_BAD_REQUEST: {
    cause: 'An HTTP request is malformed, too large or too slow.',
    remedy: 'Correct the client; docs/operating.md lists the paths.',
  },
  WEIR_NO_SUCH_PATH: {
    cause: 'An HTTP request names a path that the focus does not serve.',
    remedy: 'Check the path and http.page and http.metrics in the configuration.',
  },
  WEIR_NO_SUCH_METHOD: {
    cause: 'An HTTP request uses a method that its path does not have.',
    remedy: 'Use GET or HEAD.',
  },
  WEIR_NOT_ALLOWED: {
    cause: 'An HTTP request comes from an address that may not make it.',
    remedy: 'Add the address to http.metrics.allow, and a reverse proxy to http.trusted_proxies.',
  },
  WEIR_TOO_MANY_REQUESTS: {
    cause: 'An address makes more HTTP requests than http.requests_per_minute.',
    remedy: 'Wait a minute, or raise the limit.',
  },
  WEIR_PAGE_MISSING: {
    cause: 'The call page is switched on but has not been built.',
    remedy: 'Run `npm run build:page`, set http.page.dir, or switch http.page.enabled off.',
  },
  WEIR_OPENID_REFUSED: {
    cause: "The OpenID token is not one of its member's homeserver, or that homeserver may not be asked.",
    remedy: 'Sign in again. A homeserver in a private network has to be named in signalling.',
  },
  WEIR_OPENID_UNREACHABLE: {
    cause: "The member's homeserver did not confirm the OpenID token in time.",
    remedy: 'Nothing at once: the client signals over its homeserver meanwhile. Check the federation of that server.',
  },
  WEIR_TOKEN_REFUSED: {
    cause: 'A token for a WebSocket is expired, of another focus, or no token.',
    remedy: 'Nothing: a client asks for another one by itself, and a focus says hello again.',
  },
  WEIR_TRUNK_NOT_NAMED: {
    cause: 'A focus wants a trunk for a conference, but no joined member of its room names that focus.',
    remedy: 'Nothing, if rare: room state may come later than the hello. Otherwise check foci.active of the members.',
  },
  WEIR_TRUNK_DENIED: {
    cause: 'The servers in the configuration of one of two foci allow no trunk to the other.',
    remedy: 'Change cascade.allowed_servers or cascade.denied_servers, if the servers shall call each other.',
  },
  WEIR_TRUNK_VERSION: {
    cause: 'Two foci speak no common version of the trunk protocol.',
    remedy: 'Upgrade the older focus.',
  },
  WEIR_TRUNK_ADDRESS: {
    cause:
      'The URL of another focus has a private address, or no TLS although it is not on this machine; or its media has a private address.',
    remedy:
      'Correct cascade.trunk_url there (media: media.listen, media.announced_address), or name its network in cascade.allowed_networks here.',
  },
  WEIR_TRUNK_UNREACHABLE: {
    cause: 'The WebSocket to another focus was cut or cannot be opened.',
    remedy:
      'Nothing at once: it is tried every 2 s. If it lasts, check cascade.trunk_url of the other focus from here.',
  },
  WEIR_TRUNK_OVERFLOW: {
    cause: 'The other focus did not take what was said over a trunk as fast as it came.',
    remedy:
      'Nothing at once: the trunk begins anew. If it happens often, check the link between the two and their load.',
  },
  WEIR_TRUNK_LIMIT: {
    cause: 'The foci of a server want more trunks or handshakes than the configuration grants one server.',
    remedy: 'Raise the bound in cascade, if the server is trusted with more.',
  },
  WEIR_TRUNK_STREAM: {
    cause:
      'Another focus announces a stream or a data channel of somebody whom the room does not put on it, or who is here.',
    remedy: 'Nothing, if rare: room state may come later than the stream. Otherwise that focus is not to be trusted.',
  },
  WEIR_TRUNK_CLOSED: {
    cause: 'The other focus has ended the trunk: nobody there is in the conference any more.',
    remedy: 'Nothing: it comes back with the members.',
  },
  WEIR_INTERNAL: {
    cause: 'An error that the code did not expect.',
    remedy: 'Report it with the log.',
  },
} as const satisfies Record<string, { cause: string; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** The code that a text is; `undefined` where it is none. */
export function errorCodeOf(text: string): ErrorCode | undefined {
  return isErrorCode(text) ? text : undefined;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** The one error class of the focus. `message` says what happened here; cause and remedy by code are in `ERRORS`. */
export class WeirError extends Error {
  readonly code: ErrorCode;
  /** When it may go better, in ms from now, where that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'WeirError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** What a person can do about it. */
  get remedy(): string {
    return ERRORS[this.code].remedy;
  }
}

/** Any thrown thing as a WeirError: itself, or wrapped under the code given. */
export function asWeirError(thrown: unknown, code: ErrorCode = 'WEIR_INTERNAL'): WeirError {
  if (thrown instanceof WeirError) return thrown;
  return new WeirError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

/** Reasons of m.call.hangup that clients know (MSC2746, MSC3401). */
export type HangupReason =
  | 'user_hangup'
  | 'unknown_error'
  | 'invite_timeout'
  | 'ice_failed'
  | 'keep_alive_timeout'
  | 'new_session';

/** The reason that clients in the field understand for each code that can end a session. */
export function hangupReason(code: ErrorCode): HangupReason {
  switch (code) {
    case 'WEIR_STALE_INVITE':
      return 'invite_timeout';
    case 'WEIR_JOIN_TIMEOUT':
      return 'ice_failed';
    case 'WEIR_KEEP_ALIVE':
      return 'keep_alive_timeout';
    case 'WEIR_REPLACED':
      return 'new_session';
    case 'WEIR_CALL_ENDED':
      return 'user_hangup';
    default:
      return 'unknown_error';
  }
}
