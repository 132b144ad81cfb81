/** Keys of the section `http`. */
import { Type } from 'typebox';
import { notes, Port } from './key-notes.ts';

const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128'];

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

export const Http = Type.Object(
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
    embed_origins: Type.Array(Type.String({ rule: 'origin' }), {
      ...notes({
        description:
          'Chat clients that may show the call page within theirs, as a widget. They act for whom they show it to.',
        default: [],
      }),
      maxItems: 20,
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
        enabled: Type.Boolean(
          notes({
            description: 'Serve /metrics in the format of Prometheus, and /status, the page to watch.',
            default: true,
          }),
        ),
        allow: Type.Array(Type.String({ rule: 'cidr' }), {
          ...notes({ description: 'Addresses that may read /metrics and /status.', default: LOOPBACK_NETWORKS }),
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
