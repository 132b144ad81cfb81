/** One GET of JSON at somebody else's homeserver: guarded, bounded, without redirects. */
import { request as requestPlain } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { guardedLookup } from '../addresses/reachable.ts';
import { asWeirError, WeirError } from '../wire/errors.ts';

const MOST_BYTES = 16_384;

/** Where a request goes. */
export interface Target {
  /** Name to look up, or an address. */
  host: string;
  port: number;
  /** Name on its certificate. */
  certificateName: string;
  hostHeader: string;
}

export interface GetOptions {
  mayAsk: (address: string) => boolean;
  signal: AbortSignal;
  /** Certificates that are trusted beside the system's, PEM: for tests. */
  ca?: string;
}

/** An answer. `body` is undefined where it is no JSON. */
export interface Answer {
  status: number;
  body: unknown;
}

/** Rejects with WEIR_OPENID_REFUSED where the address may not be asked, else with WEIR_OPENID_UNREACHABLE. */
export async function getFrom(target: Target, path: string, options: GetOptions): Promise<Answer> {
  if (isIP(target.host) !== 0 && !options.mayAsk(target.host)) {
    throw new WeirError('WEIR_OPENID_REFUSED', 'its homeserver has a private address');
  }
  return get(
    request,
    {
      host: target.host,
      port: target.port,
      path,
      // A name of SNI is no address (RFC 6066, section 3).
      ...(isIP(target.certificateName) === 0 ? { servername: target.certificateName } : {}),
      headers: { host: target.hostHeader, accept: 'application/json' },
      lookup: guardedLookup(
        options.mayAsk,
        () => new WeirError('WEIR_OPENID_REFUSED', 'its homeserver has private addresses only'),
      ),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    },
    options.signal,
  );
}

/** The same at a URL that the operator named: it may be private, and plain. */
export async function getAt(url: string, path: string, signal: AbortSignal): Promise<Answer> {
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isPlain = protocol === 'http:';
  const full = `${pathname.replace(/\/$/, '')}${path}`;
  const options = { host, port: port === '' ? (isPlain ? 80 : 443) : Number(port), path: full };
  return get(isPlain ? requestPlain : request, options, signal);
}

function get(send: typeof request, options: RequestOptions, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (thrown: unknown): void => {
      const error = asWeirError(thrown, 'WEIR_OPENID_UNREACHABLE');
      reject(error.code === 'WEIR_OPENID_REFUSED' ? error : unreachable(thrown));
    };
    // No agent: a connection that was made for one check serves no other.
    const asked = send({ ...options, agent: false, signal }, response => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) {
          response.destroy();
          reject(new WeirError('WEIR_OPENID_UNREACHABLE', 'its homeserver answers too much'));
        } else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: jsonOf(Buffer.concat(chunks).toString('utf8')) });
      });
    });
    asked.on('error', fail);
    asked.end();
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(thrown: unknown): WeirError {
  // The words of sockets hold the URL at times, and with it the token.
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  const why = typeof code === 'string' ? code : 'no answer';
  return new WeirError('WEIR_OPENID_UNREACHABLE', `its homeserver cannot be asked (${why})`);
}
