/** The bare HTTP or HTTPS server with its bounds, and certificates that are read again when they change. */
import { readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { HttpConfig } from '../../config/config.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { Log } from '../ports.ts';

const OPTIONS = {
  /** ms for the headers, then for the whole of a request. */
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  /** ms that an idle connection is kept: longer than reverse proxies keep theirs, or they would use it as it closes. */
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16_384,
  connectionsCheckingInterval: 2_000,
} satisfies ServerOptions;
/** ms without a byte either way. */
const SILENCE = 90_000;
const MAX_CONNECTIONS = 2_048;
const CERTIFICATE_CHECK_MS = 60_000;

export interface OwnedServer {
  server: Server;
  /** Ends what watches the certificate; the server itself is closed by its app. */
  release(): void;
}

/** Throws WEIR_CONFIG where certificate or key cannot be used. */
export function createOwnedServer(tls: HttpConfig['tls'], log: Log, handler: RequestListener): OwnedServer {
  if (tls === undefined) return { server: bounded(createServer(OPTIONS, handler), handler), release: () => {} };
  let server: TlsServer;
  try {
    server = createTlsServer({ ...OPTIONS, ...readPair(tls), minVersion: 'TLSv1.2' }, handler);
  } catch (thrown) {
    throw new WeirError('WEIR_CONFIG', 'http.tls: certificate and key cannot be used', { cause: thrown });
  }
  const timer = setInterval(renewal(tls, server, log), CERTIFICATE_CHECK_MS);
  timer.unref();
  return { server: bounded(server, handler), release: () => clearInterval(timer) };
}

function bounded<S extends Server>(server: S, handler: RequestListener): S {
  // Node's own answer to an unknown Expect is empty; to overlook it is as good (RFC 9110 section 10.1.1).
  server.on('checkExpectation', handler);
  server.setTimeout(SILENCE);
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function readPair({ certFile, keyFile }: NonNullable<HttpConfig['tls']>): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** To be called now and then: takes a changed certificate; one that cannot be used leaves the old one in place. */
export function renewal(tls: NonNullable<HttpConfig['tls']>, server: TlsServer, log: Log): () => void {
  const changedAt = (): number => Math.max(statSync(tls.certFile).mtimeMs, statSync(tls.keyFile).mtimeMs);
  let taken = changedAt();
  return () => {
    try {
      const changed = changedAt();
      if (changed === taken) return;
      server.setSecureContext({ ...readPair(tls), minVersion: 'TLSv1.2' });
      taken = changed;
      log.info({}, 'took the new TLS certificate');
    } catch (thrown) {
      log.error({ code: 'WEIR_CONFIG', err: thrown }, 'the changed TLS certificate cannot be used; the old one stays');
    }
  };
}
