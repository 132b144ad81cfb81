/** POST /v1/token: an OpenID token of a member becomes a token for WebSockets. For call pages of other origins, too. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { asWeirError, WeirError } from '../../signalling/wire/errors.ts';
import { parserOf } from '../../signalling/wire/parse.ts';
import type { HttpDeps } from './deps.ts';

export const TOKEN_PATH = '/v1/token';

/** Checks under way: each holds a connection to another server for seconds at worst. */
const MOST_AT_ONCE = 64;

const text = Type.String({ minLength: 1, maxLength: 255 });
const parseBody = parserOf(
  'token request',
  Type.Object({
    room_id: text,
    conf_id: text,
    device_id: text,
    openid_token: Type.Object({
      access_token: Type.String({ minLength: 1, maxLength: 4_096 }),
      matrix_server_name: text,
    }),
  }),
);

export function serveToken(app: FastifyInstance, { signalling, log }: HttpDeps): void {
  if (signalling === undefined) return;
  const { tokensPerMinute } = signalling;
  const limit = app.createRateLimit({ max: tokensPerMinute, timeWindow: 60_000 });
  let underWay = 0;
  app.options(TOKEN_PATH, async (_request, reply) =>
    open(reply)
      .headers({ 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'content-type' })
      .code(204)
      .send(),
  );
  app.post(TOKEN_PATH, async (request, reply) => {
    open(reply);
    const counted = await limit(request);
    if (!counted.isAllowed && counted.isExceeded) {
      reply.header('retry-after', String(counted.ttlInSeconds));
      throw new WeirError('WEIR_TOO_MANY_REQUESTS', `more than ${tokensPerMinute} tokens in a minute`);
    }
    const parsed = parseBody(request.body);
    if (parsed.kind === 'bad') throw new WeirError('WEIR_BAD_REQUEST', parsed.error.message);
    if (underWay >= MOST_AT_ONCE) throw new WeirError('WEIR_TOO_MANY_REQUESTS', 'too many tokens are being checked');
    const { room_id: roomId, conf_id: confId, device_id: deviceId, openid_token: openId } = parsed.value;
    underWay += 1;
    try {
      const userId = await signalling.userOf({
        accessToken: openId.access_token,
        serverName: openId.matrix_server_name,
      });
      const member = { userId, deviceId, roomId, confId };
      await signalling.admit(member);
      const { token, expiresInS } = signalling.tokens.issue(member);
      signalling.meters.token('none');
      log.debug({ user: userId, device: deviceId, conference: confId }, 'token issued');
      return await reply.send({ token, expires_in: expiresInS });
    } catch (thrown) {
      const error = asWeirError(thrown);
      signalling.meters.token(error.code);
      log.info({ code: error.code, conference: confId }, `no token: ${error.message}`);
      throw error;
    } finally {
      underWay -= 1;
    }
  });
}

function open(reply: FastifyReply): FastifyReply {
  return reply.headers({
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'no-store',
  });
}
