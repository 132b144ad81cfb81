/** The web server of the focus, apart from listening: tests put requests into it without a socket. */
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import { type FastifyInstance, fastify } from 'fastify';
import { WeirError } from '../../signalling/wire/errors.ts';
import { TRUNK_PATH } from '../../signalling/wire/trunk.ts';
import type { HttpDeps } from './deps.ts';
import { errorBody, handleErrors, sendError, typedError } from './errors.ts';
import { serveFocus } from './focus.ts';
import { serveHealth } from './health.ts';
import { serveMetrics } from './metrics.ts';
import { servePage } from './page.ts';
import { servePing } from './ping.ts';
import { serveSignal, SIGNAL_PATH } from './signal.ts';
import { serveStatus } from './status/index.ts';
import { serveToken } from './token.ts';
import { securityHeaders } from './security-headers.ts';
import { createOwnedServer, type OwnedServer } from './server.ts';
import { serveTrunk } from './trunk.ts';
import { serveUpgrades, type Upgraded } from './upgrades.ts';

/** Addresses whose requests are counted at one time; the least recent is forgotten. */
const COUNTED_ADDRESSES = 10_000;
/** Bytes of a request body. */
const MAX_BODY = 16_384;
const HANDLER_TIMEOUT_MS = 10_000;
/** How long requests under way may take once the server closes. */
const CLOSE_GRACE_MS = 3_000;

/** The server with all its paths. `close()` ends it: it waits for requests under way, though not for long. */
export async function build(deps: HttpDeps): Promise<FastifyInstance> {
  const { config, log } = deps;
  const secure = securityHeaders(deps);
  // More than one where a host name has several addresses.
  const owned: OwnedServer[] = [];
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY,
    handlerTimeout: HANDLER_TIMEOUT_MS,
    routerOptions: { maxParamLength: 256 },
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    // Its answer would have another form than ours; the hook below gives it.
    return503OnClosing: false,
    serverFactory: handler => {
      const one = createOwnedServer(config.tls, log, handler);
      owned.push(one);
      return one.server;
    },
    frameworkErrors: (error, request, reply) => {
      secure(request, reply);
      sendError(reply, error, deps);
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error.code, socket, deps),
  });
  await app.register(rateLimit, { global: false, cache: COUNTED_ADDRESSES });
  const limit = app.createRateLimit({ max: config.requestsPerMinute, timeWindow: 60_000 });
  let closing: NodeJS.Timeout | undefined;
  let underWay = 0;
  // Connections that only wait: browsers open some in advance, which `closeIdleConnections` leaves open.
  const dropConnections = (): void => {
    for (const { server } of owned) server.closeAllConnections();
  };

  app.addHook('onRequest', async (request, reply) => {
    underWay++;
    secure(request, reply);
    if (closing !== undefined) {
      reply.header('connection', 'close');
      throw new WeirError('WEIR_FOCUS_STOPPING', 'the focus is being shut down');
    }
    const counted = await limit(request);
    if (!counted.isAllowed && counted.isExceeded) {
      reply.header('retry-after', String(counted.ttlInSeconds));
      throw new WeirError('WEIR_TOO_MANY_REQUESTS', `more than ${config.requestsPerMinute} requests in a minute`);
    }
  });
  handleErrors(app, deps);
  app.addHook('onResponse', async (request, reply) => {
    underWay--;
    if (closing !== undefined && underWay === 0) setImmediate(dropConnections);
    // The path as it is routed, not as it was asked: queries hold tokens at times.
    const route = request.routeOptions.url ?? 'none';
    log.debug(
      { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    );
  });
  app.addHook('preClose', async () => {
    sockets.close();
    closing = setTimeout(dropConnections, CLOSE_GRACE_MS);
    if (underWay === 0) dropConnections();
  });
  app.addHook('onClose', async () => {
    clearTimeout(closing);
    for (const one of owned) one.release();
  });

  serveHealth(app, deps);
  serveMetrics(app, deps);
  serveStatus(app, deps);
  serveFocus(app, deps);
  servePing(app, deps);
  serveToken(app, deps);
  const sockets = serveUpgrades(owned, config.trustedProxies, upgradedPaths(deps));
  servePage(app, deps);
  await app.ready();
  return app;
}

function upgradedPaths(deps: HttpDeps): Map<string, Upgraded> {
  const paths = new Map<string, Upgraded>();
  if (deps.signalling !== undefined) paths.set(SIGNAL_PATH, serveSignal(deps.signalling, deps));
  if (deps.cascade !== undefined) paths.set(TRUNK_PATH, serveTrunk(deps.cascade, deps));
  return paths;
}

/** A request that never became one: the parser refused it, or it took too long. */
function answerBrokenRequest(cause: string | undefined, socket: Socket, deps: HttpDeps): void {
  if (cause === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const statusCode = cause === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : cause === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const { status, error } = typedError(Object.assign(new Error('broken request'), { statusCode }));
  deps.countError(error.code);
  const body = JSON.stringify(errorBody(error));
  const head = [
    `HTTP/1.1 ${status} Bad Request`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
