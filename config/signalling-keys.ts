/** Keys of the section `signalling`. */
import { Type } from 'typebox';
import { notes } from './key-notes.ts';

const HomeserverAddress = Type.Object({
  server_name: Type.String(
    notes({ description: 'Server name, as it stands in user ids.', example: 'example.org', rule: 'server_name' }),
  ),
  url: Type.String(
    notes({
      description: 'Where its federation API is asked instead of being looked for.',
      example: 'https://matrix.example.org',
      rule: 'url',
    }),
  ),
});

export const Signalling = Type.Object(
  {
    enabled: Type.Boolean(
      notes({
        description:
          'Let clients signal over a WebSocket (/v1/signal): calls start without a round trip over the homeserver. Without it to-device messages do.',
        default: true,
      }),
    ),
    token_lifetime_s: Type.Integer({
      ...notes({
        description: 'How long the token that a client gets for its OpenID token may open WebSockets.',
        unit: 's',
        default: 300,
      }),
      minimum: 30,
      maximum: 3_600,
    }),
    tokens_per_minute: Type.Integer({
      ...notes({
        description:
          'Tokens that one address (one /64 for IPv6) may ask for: each costs a request to a homeserver. All the people behind one router are one address.',
        unit: 'tokens per minute',
        default: 300,
      }),
      minimum: 1,
      maximum: 1_000_000,
    }),
    homeservers: Type.Array(HomeserverAddress, {
      ...notes({
        description:
          'Homeservers that are asked at a known URL, by `server_name` and `url`. The own one is asked at homeserver.url in any case.',
        default: [],
      }),
      maxItems: 1_000,
    }),
    allowed_networks: Type.Array(Type.String({ rule: 'cidr' }), {
      ...notes({
        description:
          'Private networks in which homeservers of members may be asked. Others are never asked at private addresses, whatever DNS or .well-known say.',
        default: [],
      }),
      maxItems: 100,
    }),
  },
  { description: 'Fast signalling: who may open a WebSocket is checked with the homeserver of each member.' },
);
