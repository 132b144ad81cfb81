/** What the homeserver answers, checked before it is used (Matrix client-server API v1.x; the parts that a call needs). */
import { Type } from 'typebox';
import { type Parsed, parserOf } from '../../signalling/wire/parse.ts';

const Content = Type.Record(Type.String(), Type.Unknown());

const StateEventWire = Type.Object({
  type: Type.String(),
  state_key: Type.Optional(Type.String()),
  sender: Type.String(),
  content: Content,
  origin_server_ts: Type.Optional(Type.Number()),
});
const Events = Type.Optional(Type.Object({ events: Type.Optional(Type.Array(Type.Unknown())) }));
const StrippedRoom = Type.Object({ invite_state: Events });
const JoinedRoom = Type.Object({
  state: Events,
  timeline: Events,
  summary: Type.Optional(Type.Object({ 'm.heroes': Type.Optional(Type.Array(Type.String())) })),
});
const ToDeviceWire = Type.Object({ type: Type.String(), sender: Type.String(), content: Content });

const parseStateEvent = parserOf('state event', StateEventWire);
const parseToDeviceEvent = parserOf('to-device event', ToDeviceWire);

/** One answer of GET /sync. */
export const readSync = parserOf(
  'sync',
  Type.Object({
    rooms: Type.Optional(
      Type.Object({
        join: Type.Optional(Type.Record(Type.String(), JoinedRoom)),
        invite: Type.Optional(Type.Record(Type.String(), StrippedRoom)),
        leave: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      }),
    ),
  }),
);
export type SyncAnswer = Extract<ReturnType<typeof readSync>, { kind: 'ok' }>['value'];

export const readLogin = parserOf(
  'login',
  Type.Object({ user_id: Type.String(), access_token: Type.String(), device_id: Type.String() }),
);
export const readWhoAmI = parserOf(
  'whoami',
  Type.Object({ user_id: Type.String(), device_id: Type.Optional(Type.String()) }),
);
export const readLoginFlows = parserOf(
  'login flows',
  Type.Object({ flows: Type.Array(Type.Object({ type: Type.String() })) }),
);
export const readRoomId = parserOf('room', Type.Object({ room_id: Type.String() }));
export const readTurnServers = parserOf(
  'turn servers',
  Type.Object({
    uris: Type.Optional(Type.Array(Type.String())),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
    /** s. */
    ttl: Type.Optional(Type.Number({ minimum: 0 })),
  }),
);
export const readWellKnown = parserOf(
  'well-known',
  Type.Object({ 'm.homeserver': Type.Object({ base_url: Type.String() }) }),
);
/** Foci that an operator names for the users of the homeserver, beside where the homeserver is. */
export const readAnnouncedFoci = parserOf(
  'foci of well-known',
  Type.Object({
    'org.weir.foci': Type.Optional(Type.Array(Type.Object({ url: Type.String({ maxLength: 2_048 }) }))),
  }),
);
/** GET /v1/ping of a focus. */
export const readPing = parserOf(
  'ping',
  Type.Object({ load: Type.Union([Type.Literal('calm'), Type.Literal('careful'), Type.Literal('shedding')]) }),
);
export const readDisplayName = parserOf('profile', Type.Object({ displayname: Type.Optional(Type.String()) }));
export const readMembership = parserOf('membership', Type.Object({ membership: Type.String() }));

/** Any answer. */
export const readObject = parserOf('answer', Content);

/** POST /keys/query: what devices publish, by user and device; keys by algorithm and device. */
export const readDeviceKeys = parserOf(
  'device keys',
  Type.Object({
    device_keys: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Record(Type.String(), Type.Object({ keys: Type.Record(Type.String(), Type.String()) })),
      ),
    ),
  }),
);

/** What the focus says of itself at GET /v1/focus. */
export const readFocusInfo = parserOf(
  'focus',
  Type.Object({
    user_id: Type.String({ minLength: 1 }),
    device_id: Type.String({ minLength: 1 }),
    homeserver_url: Type.Optional(Type.String()),
    version: Type.Optional(Type.String()),
    signalling: Type.Optional(
      // Paths on the focus's own origin, never other places.
      Type.Object({ path: Type.String({ pattern: '^/[^/]' }), token_path: Type.String({ pattern: '^/[^/]' }) }),
    ),
  }),
);

/** What the focus gives for an OpenID token at POST /v1/token. */
export const readSignalToken = parserOf(
  'token',
  Type.Object({ token: Type.String({ minLength: 1 }), expires_in: Type.Number({ minimum: 0 }) }),
);

/** What a focus says beside an error of its web server: when to ask again, in ms. */
export const readRetryAfter = parserOf(
  'error',
  Type.Object({ retry_after_ms: Type.Integer({ minimum: 0, maximum: 86_400_000 }) }),
);

/** The homeserver's word to others on who we are (client-server API, POST …/openid/request_token). */
export type OpenIdToken = Extract<ReturnType<typeof readOpenIdToken>, { kind: 'ok' }>['value'];
export const readOpenIdToken = parserOf(
  'OpenID token',
  Type.Object({
    access_token: Type.String(),
    token_type: Type.String(),
    matrix_server_name: Type.String(),
    /** In seconds. */
    expires_in: Type.Number(),
  }),
);

/** A state event of a room. */
export interface StateEvent {
  type: string;
  stateKey: string;
  sender: string;
  content: Record<string, unknown>;
  /** When the homeserver of its sender says it was sent, ms since 1970. */
  sentAt: number;
}

/** How a message was encrypted. `device`: whose it is, as Olm proves it; `undefined` where that device is not known. */
export interface MessageEncryption {
  device: { userId: string; deviceId: string } | undefined;
}

/** A message from a device. */
export interface ToDeviceMessage {
  type: string;
  sender: string;
  content: Record<string, unknown>;
  /** `undefined`: it came in clear. */
  encryption: MessageEncryption | undefined;
}

function readAll<W, T>(
  events: unknown[] | undefined,
  parse: (input: unknown) => Parsed<W>,
  map: (wire: W) => T[],
): T[] {
  return (events ?? []).flatMap(event => {
    const parsed = parse(event);
    return parsed.kind === 'ok' ? map(parsed.value) : [];
  });
}

/** The state events among `events`; what is malformed is passed over. */
export function stateEventsOf(events: unknown[] | undefined): StateEvent[] {
  return readAll(events, parseStateEvent, wire =>
    wire.state_key === undefined
      ? []
      : [
          {
            type: wire.type,
            stateKey: wire.state_key,
            sender: wire.sender,
            content: wire.content,
            sentAt: wire.origin_server_ts ?? 0,
          },
        ],
  );
}

/** What a device said; `undefined` where it is malformed. */
export function toDeviceMessageOf(
  said: unknown,
  encryption: MessageEncryption | undefined,
): ToDeviceMessage | undefined {
  const parsed = parseToDeviceEvent(said);
  return parsed.kind === 'ok' ? { ...parsed.value, encryption } : undefined;
}
