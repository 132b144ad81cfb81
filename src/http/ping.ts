/** GET /v1/ping: how far this focus is, and whether it takes newcomers. Public, for call pages of other origins too; few bytes. */
import type { FastifyInstance } from 'fastify';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { HttpDeps, Readiness } from './deps.ts';

/** Body of /v1/ping. */
export interface PingBody {
  /** Newcomers are refused unless it is calm. */
  load: Readiness['overload'];
}

/** Answers 503 (WEIR_STARTING) where no call can begin now. */
export function servePing(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/v1/ping', async (_request, reply) => {
    reply.headers({
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'no-store',
    });
    const { homeserver, workers, overload } = deps.readiness();
    if (homeserver.kind !== 'up') throw new WeirError('WEIR_STARTING', 'the focus does not reach its homeserver');
    if (workers.alive === 0) throw new WeirError('WEIR_STARTING', 'no media worker is alive');
    const body: PingBody = { load: overload };
    return reply.send(body);
  });
}
