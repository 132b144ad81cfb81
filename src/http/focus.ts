/** GET /v1/focus: whom to send invites to. Public, for call pages of other origins too. */
import type { FastifyInstance } from 'fastify';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { HttpDeps } from './deps.ts';
import { SIGNAL_PATH } from './signal.ts';
import { TOKEN_PATH } from './token.ts';

/** Body of /v1/focus. */
export interface FocusBody {
  user_id: string;
  device_id: string;
  /** Client API of the homeserver of the focus, as browsers reach it. */
  homeserver_url: string;
  version: string;
  /** Where fast signalling is, on this server; absent where it is switched off. */
  signalling?: { path: string; token_path: string };
}

export function serveFocus(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/v1/focus', async (_request, reply) => {
    reply.headers({
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'no-store',
    });
    const identity = deps.focusIdentity();
    if (identity === undefined) throw new WeirError('WEIR_STARTING', 'the homeserver has not been reached yet');
    const body: FocusBody = {
      user_id: identity.userId,
      device_id: identity.deviceId,
      homeserver_url: deps.homeserverUrl,
      version: deps.version,
      ...(deps.signalling === undefined ? {} : { signalling: { path: SIGNAL_PATH, token_path: TOKEN_PATH } }),
    };
    return reply.send(body);
  });
}
