import type { Deployment } from '../../demo/deployment.ts';
import { forgedOf, isWelcome } from './false-signal-tokens.ts';

export interface FalseTokens {
  tried: number;
  /** Tokens that were given for something false. */
  wronglyAccepted: number;
  /** Whether a true one was accepted: else refusing the others says nothing. */
  trueOneAccepted: boolean;
}

/** Asks for tokens with what is false in one way each, then says hello with tokens that are. */
export async function tryFalseTokens({ synapse, focus, room, users }: Deployment): Promise<FalseTokens> {
  const [user] = users;
  if (user === undefined) throw new RangeError('a user is needed');
  const answer = await fetch(
    `${synapse.baseUrl}/_matrix/client/v3/user/${encodeURIComponent(user.userId)}/openid/request_token`,
    {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${user.accessToken}` },
      signal: AbortSignal.timeout(10_000),
    },
  );
  const openid = (await answer.json()) as Record<string, unknown>;
  const good = { room_id: room.roomId, conf_id: room.confId, device_id: user.deviceId, openid_token: openid };
  const ask = async (body: unknown): Promise<string | undefined> => {
    const answered = await fetch(`${focus.baseUrl}/v1/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answered.ok) return undefined;
    const { token: given } = (await answered.json()) as { token?: string };
    return given;
  };
  const token = (change: Record<string, unknown>): object => ({ ...good, openid_token: { ...openid, ...change } });
  const falseOnes = [
    token({ access_token: 'invented' }),
    token({ access_token: user.accessToken }),
    token({ access_token: '' }),
    token({ matrix_server_name: 'localhost.' }),
    token({ matrix_server_name: '127.0.0.1:1' }),
    token({ matrix_server_name: '[::1]' }),
    token({ matrix_server_name: '169.254.169.254' }),
    token({ matrix_server_name: 'no-such-server.invalid' }),
    token({ matrix_server_name: 'example.org/../..' }),
    { ...good, room_id: '!no-such-room:localhost' },
    { ...good, conf_id: 'no-such-conference' },
    { ...good, openid_token: undefined },
    { ...good, device_id: 7 },
    [],
  ];
  let wronglyAccepted = 0;
  for (const body of falseOnes) if ((await ask(body)) !== undefined) wronglyAccepted += 1;
  const given = (await ask(good)) ?? '';
  const forged = forgedOf(given);
  for (const one of forged) if (await isWelcome(focus.baseUrl, one)) wronglyAccepted += 1;
  return {
    tried: falseOnes.length + forged.length,
    wronglyAccepted,
    trueOneAccepted: given !== '' && (await isWelcome(focus.baseUrl, given)),
  };
}
