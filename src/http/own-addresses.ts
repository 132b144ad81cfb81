/** Who may see the inside of the focus: those whom `http.metrics.allow` names. */
import type { FastifyRequest } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import { networkTest } from '../../signalling/addresses/networks.ts';
import { WeirError } from '../../signalling/wire/errors.ts';

/** @returns throws WEIR_NOT_ALLOWED for a request of anybody else */
export function operatorsOnly(
  config: Pick<HttpConfig, 'metrics' | 'trustedProxies'>,
): (request: FastifyRequest) => void {
  const allowed = networkTest(config.metrics.allow);
  const trusted = networkTest(config.trustedProxies);
  return request => {
    if (!allowed(request.ip) || isForwarded(request, trusted))
      throw new WeirError('WEIR_NOT_ALLOWED', 'this address may not see the inside of the focus');
  };
}

/**
 * Whether a proxy that is not known as one passes the request on. It runs on this machine as often as not, and the whole
 * world would be "loopback".
 */
function isForwarded({ headers, socket }: FastifyRequest, trusted: (address: string) => boolean): boolean {
  const forwarded = headers['x-forwarded-for'] ?? headers['forwarded'] ?? headers['x-real-ip'] ?? headers['via'];
  return forwarded !== undefined && !trusted(socket.remoteAddress ?? '');
}
