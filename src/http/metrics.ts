/** GET /metrics. */
import type { FastifyInstance } from 'fastify';
import type { HttpDeps } from './deps.ts';
import { operatorsOnly } from './own-addresses.ts';

export function serveMetrics(app: FastifyInstance, { config, metrics }: HttpDeps): void {
  if (!config.metrics.enabled) return;
  const check = operatorsOnly(config);
  app.get('/metrics', async (request, reply) => {
    check(request);
    return reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.render());
  });
}
