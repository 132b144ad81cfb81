/** GET /metrics. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { HttpDeps } from './deps.ts';
import { networkTest } from '../../signalling/addresses/networks.ts';

export function serveMetrics(app: FastifyInstance, { config, metrics }: HttpDeps): void {
  if (!config.metrics.enabled) return;
  const allowed = networkTest(config.metrics.allow);
  const trusted = networkTest(config.trustedProxies);
  app.get('/metrics', async (request, reply) => {
    if (!allowed(request.ip) || isForwarded(request, trusted)) {
      throw new WeirError('WEIR_NOT_ALLOWED', 'this address may not read the metrics');
    }
    return reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.render());
  });
}

/**
 * Whether a proxy that is not known as one passes the request on. It runs on this machine as often as not, and the whole
 * world would be "loopback".
 */
function isForwarded({ headers, socket }: FastifyRequest, trusted: (address: string) => boolean): boolean {
  const forwarded = headers['x-forwarded-for'] ?? headers['forwarded'] ?? headers['x-real-ip'] ?? headers['via'];
  return forwarded !== undefined && !trusted(socket.remoteAddress ?? '');
}
