/** Keys of the section `cascade`. */
import { Type } from 'typebox';
import { notes } from './key-notes.ts';

export const Cascade = Type.Object(
  {
    enabled: Type.Boolean(
      notes({
        description:
          'Make trunks to the foci of other servers that members of a call use (/v1/trunk), so that everybody connects to their own focus alone.',
        default: false,
      }),
    ),
    trunk_url: Type.Optional(
      Type.String(
        notes({
          description:
            'Where other foci reach /v1/trunk: wss, or ws on this machine alone. A reverse proxy may stand in between.',
          otherwise: 'made from http.public_url, else from http.listen',
          example: 'wss://call.example.org/v1/trunk',
          rule: 'ws_url',
        }),
      ),
    ),
    allowed_servers: Type.Array(Type.String({ rule: 'server_pattern' }), {
      ...notes({
        description:
          'Servers to whose foci there may be trunks. "*" stands for every server. Room state has to name a focus in any case.',
        default: ['*'],
      }),
      maxItems: 1_000,
    }),
    denied_servers: Type.Array(Type.String({ rule: 'server_pattern' }), {
      ...notes({ description: 'Servers to whose foci there are none, though they are allowed.', default: [] }),
      maxItems: 1_000,
    }),
    allowed_networks: Type.Array(Type.String({ rule: 'cidr' }), {
      ...notes({
        description:
          'Private networks, loopback included, in which foci may be reached. Others are never reached at private addresses, whatever their hello or DNS say.',
        default: [],
      }),
      maxItems: 100,
    }),
    conferences_per_server: Type.Integer({
      ...notes({
        description: 'Trunks at one time to the foci of one server: one for each conference and focus.',
        unit: 'trunks',
        default: 100,
      }),
      minimum: 1,
      maximum: 100_000,
    }),
    handshakes_per_minute: Type.Integer({
      ...notes({
        description: 'Hellos of the foci of one server that are looked at.',
        unit: 'hellos per minute',
        default: 120,
      }),
      minimum: 1,
      maximum: 1_000_000,
    }),
    tracks_per_trunk: Type.Integer({
      ...notes({
        description: 'Tracks that a trunk carries, in each direction; the rest stays at its own focus.',
        unit: 'tracks',
        default: 200,
      }),
      minimum: 1,
      maximum: 10_000,
    }),
    bitrate_per_trunk: Type.Integer({
      ...notes({
        description: 'Media that a trunk is sent at most.',
        unit: 'bit/s',
        default: 100_000_000,
      }),
      minimum: 100_000,
      maximum: 10_000_000_000,
    }),
  },
  {
    description:
      'Trunks to the foci of other servers. Whoever runs a server can make as many foci as they like: bounds are for each server.',
  },
);
