/**
 * Every key of weir.yaml: type, bounds, default, unit and meaning.
 * The sample file, the reference in docs/operating.md, the types and the checks all come from here.
 */
import { type Static, Type } from 'typebox';
import { Cascade } from './cascade-keys.ts';
import { Encryption } from './encryption-keys.ts';
import { Http } from './http-keys.ts';
import { notes } from './key-notes.ts';
import { Media } from './media-keys.ts';
import { Overload } from './overload-keys.ts';
import { Signalling } from './signalling-keys.ts';

const Homeserver = Type.Object(
  {
    url: Type.String(
      notes({
        description: 'Client API of the homeserver, as the focus reaches it.',
        example: 'https://matrix.example.org',
        rule: 'url',
      }),
    ),
    public_url: Type.Optional(
      Type.String(
        notes({
          description: 'Client API of the homeserver, as browsers reach it; the call page logs in there.',
          otherwise: 'the same as homeserver.url',
          example: 'https://matrix.example.org',
          rule: 'url',
        }),
      ),
    ),
    user_id: Type.String(
      notes({ description: 'The account of the focus.', example: '@focus:example.org', rule: 'user_id' }),
    ),
    access_token_file: Type.Optional(
      Type.String(
        notes({
          description:
            'File that holds an access token of the account. The environment variable WEIR_ACCESS_TOKEN does as well. A token or a password is needed, not both.',
          otherwise: 'WEIR_ACCESS_TOKEN, or a password',
          example: '/etc/weir/access-token',
          rule: 'path',
        }),
      ),
    ),
    password_file: Type.Optional(
      Type.String(
        notes({
          description:
            'File that holds the password of the account; the focus logs in once and keeps the token in state_dir. The environment variable WEIR_PASSWORD does as well.',
          otherwise: 'WEIR_PASSWORD, or an access token',
          example: '/etc/weir/password',
          rule: 'path',
        }),
      ),
    ),
    device_id: Type.Optional(
      Type.String(
        notes({
          description:
            'Device as which the focus logs in with a password. An access token belongs to a device already; the key has no effect then.',
          otherwise: 'the device of the token, or one that the homeserver chooses at the first login',
          example: 'WEIR',
          rule: 'device_id',
        }),
      ),
    ),
  },
  { description: 'The homeserver and the account of the focus there.' },
);

const Rooms = Type.Object(
  {
    allowed_servers: Type.Optional(
      Type.Array(Type.String({ rule: 'server_pattern' }), {
        ...notes({
          description:
            'Servers whose users may invite the focus into rooms; invites of others are declined. "*" stands for every server. A name without port means every port.',
          otherwise: 'only the server of homeserver.user_id',
          example: ['example.org'],
        }),
        maxItems: 1_000,
      }),
    ),
  },
  { description: 'Which rooms the focus serves.' },
);

const Limits = Type.Object(
  {
    conferences: Type.Integer({
      ...notes({ description: 'Conferences at one time.', default: 200 }),
      minimum: 1,
      maximum: 100_000,
    }),
    participants_per_conference: Type.Integer({
      ...notes({ description: 'Participants of one conference.', default: 100 }),
      minimum: 1,
      maximum: 10_000,
    }),
    invites_per_minute: Type.Integer({
      ...notes({
        description: 'Invites of one user that are looked at.',
        unit: 'invites per minute',
        default: 60,
      }),
      minimum: 1,
      maximum: 1_000_000,
    }),
    data_message_bytes: Type.Integer({
      ...notes({
        description: 'Largest message of application data.',
        unit: 'bytes',
        default: 65_536,
      }),
      minimum: 1,
      maximum: 262_144,
    }),
    data_messages_per_second: Type.Integer({
      ...notes({
        description: 'Messages of application data of one participant, on all its data channels.',
        unit: 'messages per second',
        default: 300,
      }),
      minimum: 1,
      maximum: 10_000,
    }),
    data_bytes_per_second: Type.Integer({
      ...notes({
        description: 'Application data of one participant, on all its data channels.',
        unit: 'bytes per second',
        default: 250_000,
      }),
      minimum: 1_000,
      maximum: 10_000_000,
    }),
  },
  {
    description:
      'Bounds of what anybody may take. Whoever is over one is told with WEIR_OVERLOADED, of application data with WEIR_DATA_LIMIT.',
  },
);

const Log = Type.Object(
  {
    level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], {
      ...notes({ description: 'The least grave lines that are written.', default: 'info' }),
    }),
    format: Type.Enum(['json', 'text'], {
      ...notes({ description: 'json: one object a line, for collectors. text: for people.', default: 'json' }),
    }),
  },
  { description: 'Log lines go to standard output. They hold no tokens, passwords, ICE passwords or message bodies.' },
);

export const ConfigSchema = Type.Object({
  homeserver: Homeserver,
  rooms: Rooms,
  http: Http,
  media: Media,
  signalling: Signalling,
  cascade: Cascade,
  limits: Limits,
  overload: Overload,
  encryption: Encryption,
  state_dir: Type.Optional(
    Type.String(
      notes({
        description:
          'Directory for what a restart must know: the sync position, the open sessions, and the token of a password login. Only the focus may read it.',
        otherwise: '$STATE_DIRECTORY (systemd sets it), else state',
        example: 'state',
        rule: 'path',
      }),
    ),
  ),
  log: Log,
});

/** weir.yaml with its fixed defaults filled in. */
export type ConfigFile = Static<typeof ConfigSchema>;

/** State directory where neither state_dir nor STATE_DIRECTORY is set. */
export const DEFAULT_STATE_DIR = 'state';
