import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ForwardedToDevice } from '../share/messages.ts';
import { readTokens } from './access.ts';
import { newRegistration, readRegistration, writeRegistration } from './registration.ts';
import { readTransaction, Transactions } from './transactions.ts';

describe('a registration', () => {
  it('is read back as it was written', () => {
    const made = newRegistration('http://127.0.0.1:9797', 'load.test-');
    expect(readRegistration(writeRegistration(made), 'file')).toEqual(made);
  });

  it('is not limited, has its users alone, and wants to-device messages', () => {
    const text = writeRegistration(newRegistration('http://127.0.0.1:9797', 'load-'));
    expect(text).toContain('rate_limited: false');
    expect(text).toContain('de.sorunome.msc2409.push_ephemeral: true');
    expect(text).toContain('regex: "@load-.*"');
  });

  it('of somebody else is refused without a word of what is in it', () => {
    expect(() => readRegistration('as_token: verysecretindeed', 'file')).toThrow(/file is not a registration/);
    expect(() => readRegistration('{', 'file')).toThrow('file is not YAML.');
  });

  it('takes no prefix that could not begin a user', () => {
    expect(() => newRegistration('http://127.0.0.1:1', 'Not A User')).toThrow();
  });
});

describe('tokens', () => {
  it('are read line by line', () => {
    const line = JSON.stringify({ user_id: '@a:x', access_token: 't', device_id: 'D' });
    expect(readTokens(`${line}\n\n${line}\n`, 'file')).toHaveLength(2);
  });

  it('that are wrong are named by their lines, not by what is in them', () => {
    const read = (): unknown => readTokens('{"user_id":"@a:x"}\nsecret\n', 'file');
    expect(read).toThrow('file: wrong at lines 1, 2.');
  });
});

describe('transactions', () => {
  const event = { type: 't', sender: '@f:x', to_user_id: '@a:x', to_device_id: 'D', content: { a: 1 } };

  it('hold to-device events, under either name; what is no event is left out', () => {
    const expected = [{ type: 't', sender: '@f:x', userId: '@a:x', deviceId: 'D', content: { a: 1 } }];
    expect(readTransaction({ 'de.sorunome.msc2409.to_device': [event, { type: 7 }, null] })).toEqual(expected);
    expect(readTransaction({ to_device: [event], events: [] })).toEqual(expected);
    for (const body of [undefined, null, [], {}, { to_device: 'x' }]) expect(readTransaction(body)).toEqual([]);
  });

  it('are taken once, and of the homeserver alone', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const registration = newRegistration(url, 'load-');
    await using transactions = await Transactions.listen(registration);
    const taken: ForwardedToDevice[] = [];
    transactions.handTo(events => taken.push(...events));
    const send = async (id: string, token: string, body: string): Promise<number> => {
      const answer = await fetch(`${url}/_matrix/app/v1/transactions/${id}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}` },
        body,
      });
      return answer.status;
    };
    const body = JSON.stringify({ to_device: [event] });
    expect(await send('1', 'wrong', body)).toBe(403);
    expect(await send('1', registration.hsToken, body)).toBe(200);
    expect(await send('1', registration.hsToken, body)).toBe(200);
    expect(taken).toHaveLength(1);
    expect(await send('2', registration.hsToken, 'no JSON')).toBe(400);
    const users = await fetch(`${url}/_matrix/app/v1/users/@load-1:x`, {
      headers: { authorization: `Bearer ${registration.hsToken}` },
    });
    expect(users.status).toBe(404);
  });

  it('cannot be listened for where the port is taken', async () => {
    const registration = newRegistration(`http://127.0.0.1:${await freePort()}`, 'load-');
    await using _first = await Transactions.listen(registration);
    await expect(Transactions.listen(registration)).rejects.toThrow('cannot listen');
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
