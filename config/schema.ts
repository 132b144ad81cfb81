/**
 * Every key of weir.yaml: type, bounds, default, unit and meaning.
 * The sample file, the reference in docs/operating.md, the types and the checks all come from here.
 */
import { type Static, Type } from 'typebox';
import type { RuleName } from './rules.ts';

/** What a key's schema says beside its type. */
export interface KeyNotes {
  /** What it means, in a sentence or two. */
  description: string;
  /** Unit of the number; none where it is a count. */
  unit?: string;
  /** Used when the key is absent. */
  default?: unknown;
  /** What happens when the key is absent and has no fixed default. */
  otherwise?: string;
  /** Value in the sample of a key without default. */
  example?: unknown;
  /** What its text must look like. */
  rule?: RuleName;
}

/** The notes as they are; a schema's options alone would let a misspelt note through. */
function notes<N extends KeyNotes>(of: N): N {
  return of;
}

const Port = { minimum: 0, maximum: 65_535 };
const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128'];

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
            'Device as which the focus logs in with a password. An access token belongs to a device already; if the key is set as well, the two must agree.',
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
            'Servers whose users may invite the focus into rooms; invites of others are declined. "*" stands for every server.',
          otherwise: 'only the server of homeserver.user_id',
          example: ['example.org'],
        }),
        maxItems: 1_000,
      }),
    ),
  },
  { description: 'Which rooms the focus serves.' },
);

const Tls = Type.Object(
  {
    cert_file: Type.String(
      notes({
        description: 'Certificate with its chain, PEM. Read again when the file changes.',
        example: '/etc/weir/fullchain.pem',
        rule: 'path',
      }),
    ),
    key_file: Type.String(notes({ description: 'Private key, PEM.', example: '/etc/weir/privkey.pem', rule: 'path' })),
  },
  {
    description:
      'Serve HTTPS. Browsers give cameras to pages from https or localhost only, so off loopback use this or a reverse proxy.',
  },
);

const Http = Type.Object(
  {
    listen: Type.Object(
      {
        host: Type.String(
          notes({ description: 'Address or host name to listen on.', default: '127.0.0.1', rule: 'host' }),
        ),
        port: Type.Integer({
          ...notes({ description: 'TCP port; 0 takes a free one.', default: 8080 }),
          ...Port,
        }),
      },
      { description: 'Where the page, health and metrics are served.' },
    ),
    public_url: Type.Optional(
      Type.String(
        notes({
          description: 'URL of the call page, as people open it.',
          otherwise: 'made from http.listen',
          example: 'https://call.example.org',
          rule: 'url',
        }),
      ),
    ),
    tls: Type.Optional(Tls),
    trusted_proxies: Type.Array(Type.String({ rule: 'cidr' }), {
      ...notes({
        description: 'Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto headers are believed.',
        default: [],
      }),
      maxItems: 100,
    }),
    requests_per_minute: Type.Integer({
      ...notes({
        description: 'Requests that one address (one /64 for IPv6) may make; more get status 429.',
        unit: 'requests per minute',
        default: 600,
      }),
      minimum: 1,
      maximum: 1_000_000,
    }),
    metrics: Type.Object(
      {
        enabled: Type.Boolean(notes({ description: 'Serve /metrics in the format of Prometheus.', default: true })),
        allow: Type.Array(Type.String({ rule: 'cidr' }), {
          ...notes({ description: 'Addresses that may read /metrics.', default: LOOPBACK_NETWORKS }),
          maxItems: 100,
        }),
      },
      { description: 'Figures for monitoring.' },
    ),
    page: Type.Object(
      {
        enabled: Type.Boolean(notes({ description: 'Serve the call page.', default: true })),
        dir: Type.Optional(
          Type.String(
            notes({
              description: 'Directory of a built call page.',
              otherwise: 'the page that comes with weir',
              example: '/usr/share/weir/page',
              rule: 'path',
            }),
          ),
        ),
      },
      { description: 'The call page.' },
    ),
  },
  { description: 'The web server of the focus.' },
);

const ListenAddress = Type.Object({
  ip: Type.String(notes({ description: 'Address of this machine.', example: '127.0.0.1', rule: 'ip' })),
  announced_address: Type.Optional(
    Type.String(
      notes({
        description: 'Address that clients are told, where it is another one (NAT). Needed for 0.0.0.0 and ::.',
        otherwise: 'the same as ip',
        example: '203.0.113.7',
        rule: 'ip',
      }),
    ),
  ),
});

const Media = Type.Object(
  {
    listen: Type.Array(ListenAddress, {
      ...notes({
        description:
          'Addresses for media, each with `ip` and, where clients must use another one (NAT, or ip 0.0.0.0 or ::), `announced_address`.',
        default: [{ ip: '127.0.0.1' }],
      }),
      minItems: 1,
      maxItems: 8,
    }),
    port: Type.Optional(
      Type.Integer({
        ...notes({
          description: 'The one port of all media, UDP and (with media.tcp) TCP; for one worker. 0 takes a free one.',
          otherwise: '7900, unless media.port_range is set',
          example: 7900,
        }),
        ...Port,
      }),
    ),
    port_range: Type.Optional(
      Type.Object(
        {
          min: Type.Integer({ ...notes({ description: 'First port.', example: 7900 }), minimum: 1, maximum: 65_535 }),
          max: Type.Integer({ ...notes({ description: 'Last port.', example: 7907 }), minimum: 1, maximum: 65_535 }),
        },
        { description: 'Ports for media instead of the single one; each worker takes one.' },
      ),
    ),
    tcp: Type.Boolean(
      notes({ description: 'Offer media over TCP too, for networks without UDP; same ports.', default: true }),
    ),
    workers: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 256 }), Type.Literal('auto')], {
        ...notes({
          description:
            'Media worker processes; each uses up to one core and needs a port. "auto" is one per core, as far as the ports go.',
          otherwise: '1 with media.port, "auto" with media.port_range',
          example: 1,
        }),
      }),
    ),
    worker_bin: Type.Optional(
      Type.String(
        notes({
          description: 'Path of the mediasoup worker. The environment variable MEDIASOUP_WORKER_BIN does as well.',
          otherwise: 'MEDIASOUP_WORKER_BIN, or the one in the mediasoup package',
          example: '/usr/lib/weir/mediasoup-worker',
          rule: 'path',
        }),
      ),
    ),
    initial_bitrate: Type.Integer({
      ...notes({
        description: 'What a viewer is sent at first, before its bandwidth is known.',
        unit: 'bit/s',
        default: 1_000_000,
      }),
      minimum: 50_000,
      maximum: 100_000_000,
    }),
    ice_consent_timeout_s: Type.Integer({
      ...notes({
        description: 'Silence after which the others no longer see a participant.',
        unit: 's',
        default: 8,
      }),
      minimum: 3,
      maximum: 120,
    }),
    resume_window_s: Type.Integer({
      ...notes({
        description: 'How long the session of a silent participant is kept, so that an ICE restart brings it back.',
        unit: 's',
        default: 30,
      }),
      minimum: 0,
      maximum: 600,
    }),
    join_timeout_s: Type.Integer({
      ...notes({
        description: 'How long the media of an answered participant may take to come up.',
        unit: 's',
        default: 20,
      }),
      minimum: 5,
      maximum: 120,
    }),
  },
  { description: 'Media: addresses, ports and worker processes. No client outside gets in while this is loopback.' },
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
    to_device_per_minute: Type.Integer({
      ...notes({
        description: 'To-device messages of one user that are read; more are dropped and counted.',
        unit: 'messages per minute',
        default: 600,
      }),
      minimum: 10,
      maximum: 1_000_000,
    }),
  },
  { description: 'Bounds against overload. Whoever is over one is told with WEIR_OVERLOADED.' },
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
  limits: Limits,
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

/** Media port where neither media.port nor media.port_range is set. */
export const DEFAULT_MEDIA_PORT = 7900;
/** State directory where neither state_dir nor STATE_DIRECTORY is set. */
export const DEFAULT_STATE_DIR = 'state';
