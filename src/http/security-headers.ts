/** What browsers may do with the page, and nobody else with it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps } from './deps.ts';

export type SecurityHeaders = (request: FastifyRequest, reply: FastifyReply) => void;

/** Features that the page uses; the rest is off. */
const OWN_FEATURES = [
  'autoplay',
  'camera',
  'display-capture',
  'fullscreen',
  'microphone',
  'picture-in-picture',
  'screen-wake-lock',
  'speaker-selection',
  'clipboard-write',
];
const NO_FEATURES = [
  'accelerometer',
  'browsing-topics',
  'clipboard-read',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'midi',
  'payment',
  'publickey-credentials-get',
  'serial',
  'usb',
  'xr-spatial-tracking',
];

const LOOPBACK = ['localhost', '127.0.0.1'];

export function securityHeaders({ homeserverUrl, config }: HttpDeps): SecurityHeaders {
  const fixed = {
    'content-security-policy': contentSecurityPolicy(homeserverUrl),
    'permissions-policy': [
      ...OWN_FEATURES.map(feature => `${feature}=(self)`),
      ...NO_FEATURES.map(feature => `${feature}=()`),
    ].join(', '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  return (request, reply) => {
    reply.headers(fixed);
    // Behind a trusted proxy `protocol` is what the browser speaks. Over http the header would be ignored at best.
    if (config.tls !== undefined || request.protocol === 'https') {
      reply.header('strict-transport-security', 'max-age=31536000');
    }
  };
}

/**
 * People log in at a homeserver of their own, and may call by a focus of its operator, so any https origin may be asked; http
 * only on this machine, and where configured. `https:` does not cover WebSockets.
 * @param ancestors origins whose pages may show this one within theirs
 */
export function contentSecurityPolicy(homeserverUrl: string, ancestors: readonly string[] = []): string {
  const homeserver = new URL(homeserverUrl).origin;
  const connect = ["'self'", 'https:', 'wss:', ...LOOPBACK.flatMap(host => [`http://${host}:*`, `ws://${host}:*`])];
  // A host-source cannot be an IPv6 address (CSP 3, 2.3.1); `http:` is the narrowest that lets one through.
  if (homeserver.startsWith('http:')) connect.push(homeserver.includes('[') ? 'http:' : homeserver);
  return [
    "default-src 'none'",
    // WebAssembly of the encryption library; it is no `unsafe-eval`: text does not become script.
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self' blob: mediastream:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    `connect-src ${connect.join(' ')}`,
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${ancestors.length === 0 ? "'none'" : ancestors.join(' ')}`,
  ].join('; ');
}
