/** GET /healthz and /readyz. */
import type { FastifyInstance } from 'fastify';
import { ERRORS, type ErrorCode } from '../../signalling/wire/errors.ts';
import type { HttpDeps, Readiness } from './deps.ts';
import type { ErrorBody } from './errors.ts';

/** Body of /readyz. */
export interface ReadinessBody {
  /** New calls can begin: the homeserver answers, and at least one media worker lives. */
  ready: boolean;
  homeserver: 'up' | 'starting' | 'down';
  workers: { alive: number; wanted: number };
  /** Newcomers are refused unless it is calm. */
  overload: 'calm' | 'careful' | 'shedding';
  /** What is not as it should be; may hold entries while ready (some of several workers are gone, newcomers are refused). */
  reasons: ErrorBody[];
}

export function readinessBody({ homeserver, workers, overload }: Readiness): ReadinessBody {
  const reasons: ErrorBody[] = [];
  const add = (code: ErrorCode, message: string): void => {
    reasons.push({ code, message, remedy: ERRORS[code].remedy });
  };
  switch (homeserver.kind) {
    case 'up':
      break;
    case 'starting':
      add('WEIR_STARTING', 'the homeserver has not been reached yet');
      break;
    case 'down':
      add(homeserver.code, homeserver.message);
      break;
  }
  const { alive, wanted } = workers;
  if (alive < wanted) {
    add('WEIR_WORKER_DIED', `${alive} of ${wanted} media workers are alive`);
  }
  if (overload !== 'calm') add('WEIR_OVERLOADED', OVERLOAD_WORDS[overload]);
  return {
    ready: homeserver.kind === 'up' && alive > 0,
    homeserver: homeserver.kind,
    workers: { alive, wanted },
    overload,
    reasons,
  };
}

const OVERLOAD_WORDS = {
  careful: 'newcomers are refused; calls go on',
  shedding: 'newcomers are refused, and viewers get less video',
} as const;

export function serveHealth(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/healthz', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'alive' }));
  app.get('/readyz', (_request, reply) => {
    const body = readinessBody(deps.readiness());
    return reply
      .code(body.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(body);
  });
}
