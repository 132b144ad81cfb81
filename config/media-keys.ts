/** Keys of the section `media`. */
import { Type } from 'typebox';
import { notes, Port } from './key-notes.ts';

/** First port where neither media.port nor media.port_range is set. */
export const DEFAULT_MEDIA_PORT = 7900;

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

export const Media = Type.Object(
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
          description:
            'Port of media, UDP and (with media.tcp) TCP, of the first worker; others take those after it. 0 takes any free ones.',
          otherwise: `${DEFAULT_MEDIA_PORT}, unless media.port_range is set`,
          example: DEFAULT_MEDIA_PORT,
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
    trunk_port_range: Type.Optional(
      Type.Object(
        {
          min: Type.Integer({ ...notes({ description: 'First port.', example: 7950 }), minimum: 1, maximum: 65_535 }),
          max: Type.Integer({ ...notes({ description: 'Last port.', example: 7999 }), minimum: 1, maximum: 65_535 }),
        },
        {
          description:
            'UDP ports for media to and from the foci of other servers, one for each trunk; they must be open to these. Left out: any that is free.',
        },
      ),
    ),
    tcp: Type.Boolean(
      notes({ description: 'Offer media over TCP too, for networks without UDP; same ports.', default: true }),
    ),
    workers: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 256 }), Type.Literal('auto')], {
        ...notes({
          description:
            'Media worker processes; each uses up to one core and needs a port. "auto" is one per core, as far as media.port_range goes.',
          otherwise: '"auto", but 1 where media.port is set: one port is opened for it, then',
          example: 1,
        }),
      }),
    ),
    spread_at_load: Type.Integer({
      ...notes({
        description:
          'Load of a worker from which on newcomers of a conference go to another worker, while one has room; the workers then pipe tracks to each other. 0 shares out all participants from the start.',
        unit: '% of a core',
        default: 70,
      }),
      minimum: 0,
      maximum: 100,
    }),
    spread_at_consumers: Type.Integer({
      ...notes({
        description:
          'Tracks that a worker sends, to clients and other workers, from which on newcomers go to another one, whatever its load: load is measured some seconds late.',
        unit: 'tracks',
        default: 1_000,
      }),
      minimum: 1,
      maximum: 1_000_000,
    }),
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
    codecs: Type.Array(Type.Enum(['opus', 'VP8', 'VP9', 'H264', 'AV1']), {
      ...notes({
        description:
          'Codecs that are forwarded. A picture is sent on in the codec that its publisher sends it in, so everybody sees everybody for certain only where one codec for video is left.',
        default: ['opus', 'VP8', 'VP9', 'H264', 'AV1'],
      }),
      minItems: 1,
      maxItems: 5,
    }),
    codec_order: Type.Union([Type.Literal('publisher'), Type.Literal('focus')], {
      ...notes({
        description:
          'Whose order decides what a client sends that offers several codecs: its own, or that of media.codecs.',
        default: 'publisher',
      }),
    }),
    initial_bitrate: Type.Integer({
      ...notes({
        description: 'What a viewer is sent at first, before its bandwidth is known.',
        unit: 'bit/s',
        default: 3_000_000,
      }),
      minimum: 50_000,
      maximum: 100_000_000,
    }),
    congestion_control: Type.Union([Type.Literal('on'), Type.Literal('off')], {
      ...notes({
        description:
          'Send each viewer no more than its link carries. "off" sends everything that is asked for: for measurements only.',
        default: 'on',
      }),
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
        default: 45,
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
