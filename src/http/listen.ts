import type { FastifyInstance } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import { WeirError } from '../../signalling/wire/errors.ts';

/** Begins to listen. Resolves with the URL under which this machine reaches it. Rejects with WEIR_LISTEN. */
export async function listen(app: FastifyInstance, { host, port, tls }: HttpConfig): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (thrown) {
    throw new WeirError('WEIR_LISTEN', explain(thrown, host, port), { cause: thrown });
  }
  const [address] = app.addresses();
  const bound = typeof address === 'object' ? address.port : port;
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${shown}:${bound}`;
}

function explain(thrown: unknown, host: string, port: number): string {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `http.listen.port: port ${port} of ${host} is in use by another program (EADDRINUSE)`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `http.listen.host: ${host} is no address of this machine (${code})`;
    case 'EACCES':
      return `http.listen.port: port ${port} needs more rights than this process has (EACCES)`;
    default:
      return `http.listen: cannot listen on ${host} port ${port} (${String(code)})`;
  }
}
