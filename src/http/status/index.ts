/** GET /status, the page that an operator watches, and /status.json, the same for programs. */
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from '../deps.ts';
import { operatorsOnly } from '../own-addresses.ts';
import { LIVE_SCRIPT } from './live.ts';
import { statusPage } from './page.ts';
import { type StatusBody, statusBody } from './body.ts';
import { STATUS_STYLE } from './style.ts';

/** The page runs its own script, has its own style, and asks for itself: nothing else (CSP 3). */
const POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(LIVE_SCRIPT)}'`,
  `style-src '${hashOf(STATUS_STYLE)}'`,
  'img-src data:',
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** For whom /metrics is, and while that is served. */
export function serveStatus(app: FastifyInstance, deps: HttpDeps): void {
  if (!deps.config.metrics.enabled) return;
  const check = operatorsOnly(deps.config);
  const bodyNow = (): StatusBody =>
    statusBody(deps.status(), deps.readiness(), { identity: deps.focusIdentity(), version: deps.version });
  app.get('/status', async (request, reply) => {
    check(request);
    return reply
      .headers({ 'cache-control': 'no-store', 'content-security-policy': POLICY })
      .type('text/html; charset=utf-8')
      .send(statusPage(bodyNow()));
  });
  app.get('/status.json', async (request, reply) => {
    check(request);
    return reply.header('cache-control', 'no-store').send(bodyNow());
  });
}
