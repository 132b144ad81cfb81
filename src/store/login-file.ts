/** The token of a login with a password, so that it is done once. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { WeirError } from '../../signalling/wire/errors.ts';
import { parserOf } from '../../signalling/wire/parse.ts';

export interface KeptLogin {
  userId: string;
  deviceId: string;
  accessToken: string;
}

const FILE = 'login.json';
const parseLogin = parserOf(
  'kept login',
  Type.Object({
    user_id: Type.String({ minLength: 1 }),
    device_id: Type.String({ minLength: 1 }),
    access_token: Type.String({ minLength: 1 }),
  }),
);

/** What an earlier run kept, if it is readable and of this user. */
export async function readLogin(stateDir: string, userId: string): Promise<KeptLogin | undefined> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(join(stateDir, FILE), 'utf8'));
  } catch {
    return undefined;
  }
  const parsed = parseLogin(json);
  if (parsed.kind === 'bad' || parsed.value.user_id !== userId) return undefined;
  return { userId, deviceId: parsed.value.device_id, accessToken: parsed.value.access_token };
}

/** Keeps a login, readable by the owner only. Rejects with WEIR_STORE_FAILED. */
export async function keepLogin(stateDir: string, login: KeptLogin): Promise<void> {
  const path = join(stateDir, FILE);
  const json = JSON.stringify({ user_id: login.userId, device_id: login.deviceId, access_token: login.accessToken });
  try {
    await writeFile(`${path}.new`, json, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (thrown) {
    throw new WeirError('WEIR_STORE_FAILED', 'the login cannot be kept', { cause: thrown });
  }
}
