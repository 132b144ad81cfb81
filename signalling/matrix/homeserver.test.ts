import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SyncPosition } from '../../src/ports.ts';
import { asWeirError } from '../wire/errors.ts';
import { type FakeAnswer, FakeHomeserver } from './fake-homeserver.ts';
import { createHomeserver, type Homeserver, type SyncBatch } from './index.ts';
import { SteppingClock } from './stepping-clock.ts';

vi.setConfig({ testTimeout: 30_000 });

const SECRET = 'syt_secret_token';

let clock: SteppingClock;
let fake: FakeHomeserver;
let homeserver: Homeserver;
let batches: SyncBatch[];
let counts: string[];
let logged: string[];
let takeBatch: (batch: SyncBatch) => Promise<void>;

function connect(overrides: Partial<Parameters<typeof createHomeserver>[0]> = {}): Homeserver {
  const log = (fields: object, message: string): void => {
    logged.push(
      message + JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value)),
    );
  };
  homeserver = createHomeserver({
    url: fake.url,
    credentials: { kind: 'token', accessToken: SECRET },
    allowedInviters: ['fake'],
    clock,
    logger: { debug: log, info: log, warn: log, error: log },
    count: (name, labels) => counts.push([name, ...Object.values(labels)].join(' ')),
    events: { batch: batch => takeBatch(batch) },
    ...overrides,
  });
  return homeserver;
}

async function started(position?: SyncPosition): Promise<Homeserver> {
  const made = connect();
  await made.start(position);
  return made;
}

// Long enough for the slowest machine; a test that fails says why before it is cut off.
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 });
const hangup = { type: 'm.call.hangup', content: { call_id: 'c', secret: 'message body' } };
const limited = (retryAfterMs: number): FakeAnswer => ({
  status: 429,
  json: { errcode: 'M_LIMIT_EXCEEDED', error: 'slow down', retry_after_ms: retryAfterMs },
});

beforeEach(async () => {
  clock = new SteppingClock();
  fake = await FakeHomeserver.start();
  batches = [];
  counts = [];
  logged = [];
  takeBatch = async batch => {
    batches.push(batch);
  };
});

afterEach(async () => {
  await homeserver.stop();
  await fake.stop();
  clock.stop();
  expect(logged.join('\n')).not.toContain(SECRET);
  expect(logged.join('\n')).not.toContain('message body');
});

describe('log-in', () => {
  it('tries again until the homeserver answers as one', async () => {
    const answers: FakeAnswer[] = [
      'broken connection',
      { status: 502, text: '<html>Bad Gateway</html>' },
      { status: 200, text: 'not JSON' },
      { status: 404, text: 'no such site yet' },
      limited(1_000),
    ];
    fake.answer(({ path }) => (path === '/account/whoami' ? answers.shift() : undefined));
    const identity = await connect().start(undefined);
    expect(identity).toEqual({ userId: '@focus:fake', deviceId: 'FOCUS' });
    expect(fake.to('/account/whoami')).toHaveLength(6);
    expect(fake.requests.every(request => request.authorization === `Bearer ${SECRET}`)).toBe(true);
  });

  it.each([
    { status: 401, json: { errcode: 'M_UNKNOWN_TOKEN', error: 'who?' } },
    { status: 403, json: { errcode: 'M_FORBIDDEN', error: 'no' } },
    { json: { user_id: '@service:fake' } },
  ])('is over at once when refused: %j', async answer => {
    fake.answer(() => answer);
    await expect(connect().start(undefined)).rejects.toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
    expect(homeserver.health()).toMatchObject({ state: 'refused', lastError: { code: 'WEIR_HOMESERVER_REFUSED' } });
    expect(fake.requests).toHaveLength(1);
  });

  it('sends a password once and hands over the token, without ever sending it before', async () => {
    fake.answer(({ path }) =>
      path === '/login'
        ? { json: { user_id: '@focus:fake', device_id: 'NEW', access_token: 'fresh', home_server: 'fake' } }
        : undefined,
    );
    const kept: unknown[] = [];
    connect({
      credentials: { kind: 'password', user: 'focus', password: 'hunter2' },
      onLogin: login => {
        kept.push(login);
      },
    });
    await homeserver.start(undefined);
    await eventually(() => expect(fake.to('/sync')).not.toHaveLength(0));
    expect(kept).toEqual([{ userId: '@focus:fake', deviceId: 'NEW', accessToken: 'fresh' }]);
    expect(fake.to('/login')).toHaveLength(1);
    expect(fake.to('/login')[0]?.authorization).toBeUndefined();
    expect(fake.to('/sync')[0]?.authorization).toBe('Bearer fresh');
    expect(logged.join('\n')).not.toContain('hunter2');
  });

  it('ends when stopped', async () => {
    fake.answer(() => 'silence');
    const outcome = connect().start(undefined);
    await eventually(() => expect(fake.requests).toHaveLength(1));
    await Promise.all([expect(outcome).rejects.toMatchObject({ code: 'WEIR_FOCUS_STOPPING' }), homeserver.stop()]);
  });
});

describe('sync', () => {
  const sequence = (...answers: FakeAnswer[]): void => {
    fake.answer(({ path, query }) =>
      path === '/sync' && !query.get('filter')?.includes('"limit":1}') ? answers.shift() : undefined,
    );
  };

  it('asks for the whole state from the kept position first, then polls from where it is', async () => {
    sequence({ json: { next_batch: 's1' } }, { json: { next_batch: 's2' } });
    await started({ since: 'kept', at: clock.now() - 5_000 });
    await eventually(() => expect(fake.to('/sync').filter(({ query }) => query.has('since'))).toHaveLength(3));
    const asked = fake.to('/sync').filter(({ query }) => query.has('since'));
    expect(asked.map(({ query }) => [query.get('since'), query.get('full_state')])).toEqual([
      ['kept', 'true'],
      ['s1', null],
      ['s2', null],
    ]);
    expect(asked.map(({ query }) => Number(query.get('timeout')) > 0)).toEqual([false, true, true]);
    expect(batches.map(({ position, whole, catchUp }) => [position.since, whole, catchUp])).toEqual([
      ['s1', true, true],
      ['s2', false, false],
    ]);
    expect(batches[0]?.lateMs).toBeGreaterThanOrEqual(5_000);
  });

  it('goes on from the same position after every kind of failure', async () => {
    sequence(
      { json: { next_batch: 's1' } },
      'broken connection',
      'half a body',
      { status: 500, json: { errcode: 'M_UNKNOWN', error: 'Internal server error' } },
      { status: 200, text: '[]' },
      { status: 200, json: { no_next_batch: true } },
      { status: 504, text: '' },
      { json: { next_batch: 's2' } },
    );
    await started();
    await eventually(() => expect(batches).toHaveLength(2));
    await eventually(() => expect(fake.to('/sync')).toHaveLength(9));
    const since = fake.to('/sync').map(({ query }) => query.get('since'));
    expect(since).toEqual([null, 's1', 's1', 's1', 's1', 's1', 's1', 's1', 's2']);
    expect(homeserver.health().state).toBe('reached');
    expect(batches[1]?.position.since).toBe('s2');
    expect(batches[1]?.lateMs).toBeGreaterThan(1_000);
  });

  it('waits as long as a homeserver under load says, and reads the whole state when that was long', async () => {
    sequence({ json: { next_batch: 's1' } }, limited(5_000), { json: { next_batch: 's2' } }, limited(65_000), {
      json: { next_batch: 's3' },
    });
    await started();
    await eventually(() => expect(batches).toHaveLength(3));
    expect(batches.map(({ whole, catchUp }) => [whole, catchUp])).toEqual([
      [true, true],
      [false, false],
      [true, false],
    ]);
    expect(batches[1]?.lateMs).toBeGreaterThanOrEqual(5_000);
    expect(batches[2]?.lateMs).toBeGreaterThanOrEqual(65_000);
  });

  it('keeps trying slowly with a refused token, and goes on when it is good again', async () => {
    const unknownToken = { status: 401, json: { errcode: 'M_UNKNOWN_TOKEN', error: 'gone', soft_logout: true } };
    sequence({ json: { next_batch: 's1' } }, unknownToken, { json: { next_batch: 's2' } });
    const states: string[] = [];
    connect({ events: { batch: takeBatch, health: ({ state }) => states.push(state) } });
    await homeserver.start(undefined);
    await eventually(() => expect(batches).toHaveLength(2));
    expect(batches[1]?.lateMs).toBeGreaterThanOrEqual(60_000);
    expect(states).toEqual(['reached', 'refused', 'reached']);
    expect(homeserver.health().lastError).toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
  });

  it('starts anew when the homeserver does not know the position', async () => {
    sequence(
      { status: 400, json: { errcode: 'M_UNKNOWN', error: 'Invalid stream token' } },
      { json: { next_batch: 's1' } },
    );
    await started({ since: 'of another database', at: 1 });
    await eventually(() => expect(batches).toHaveLength(1));
    expect(batches[0]).toMatchObject({ whole: true, catchUp: true, lateMs: undefined });
  });

  it('does not ask for more before a batch is taken, and goes on when its taker fails', async () => {
    sequence({ json: { next_batch: 's1' } }, { json: { next_batch: 's2' } });
    const taken = Promise.withResolvers<void>();
    let calls = 0;
    takeBatch = async batch => {
      batches.push(batch);
      calls += 1;
      if (calls > 1) return;
      await taken.promise;
      throw new Error('a fault of the taker');
    };
    await started();
    await eventually(() => expect(batches).toHaveLength(1));
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(fake.to('/sync')).toHaveLength(1);
    taken.resolve();
    await eventually(() => expect(batches).toHaveLength(2));
    expect(counts).toContain('matrix_batches_failed');
  });

  it('stops although the taker of a batch hangs', async () => {
    takeBatch = () => new Promise(() => undefined);
    await started();
    await eventually(() => expect(fake.to('/sync')).toHaveLength(1));
    await homeserver.stop();
  });
});

describe('invitations', () => {
  const invited = (roomId: string, inviter: string): FakeAnswer => ({
    json: {
      next_batch: 's1',
      rooms: {
        invite: {
          [roomId]: {
            invite_state: {
              events: [
                { type: 'm.room.name', sender: inviter, state_key: '', content: { name: 'a room' } },
                {
                  type: 'm.room.member',
                  sender: inviter,
                  state_key: '@focus:fake',
                  content: { membership: 'invite' },
                },
              ],
            },
          },
        },
      },
    },
  });

  it('are accepted in spite of failures, without holding up the sync', async () => {
    const syncs = [invited('!room:fake', '@alice:fake'), { json: { next_batch: 's2' } }];
    const joins: FakeAnswer[] = [limited(5_000), { status: 500, text: '' }, { json: { room_id: '!room:fake' } }];
    fake.answer(({ path }) => (path === '/sync' ? syncs.shift() : path.endsWith('/join') ? joins.shift() : undefined));
    await started();
    await eventually(() => expect(batches).toHaveLength(2));
    expect(fake.to('/rooms/!room:fake/join').length).toBeLessThan(3);
    await eventually(() => expect(counts).toContain('matrix_invites joined'));
    expect(fake.to('/rooms/!room:fake/join')).toHaveLength(3);
  });

  it('that were withdrawn are given up', async () => {
    const syncs = [invited('!gone:fake', '@alice:fake')];
    fake.answer(({ path }) => {
      if (path === '/sync') return syncs.shift();
      return path.endsWith('/join')
        ? { status: 403, json: { errcode: 'M_FORBIDDEN', error: 'not invited' } }
        : undefined;
    });
    await started();
    await eventually(() => expect(counts).toContain('matrix_invites failed'));
    expect(fake.to('/rooms/!gone:fake/join')).toHaveLength(1);
  });

  it('of others are declined', async () => {
    const syncs = [invited('!room:evil', '@mallory:evil')];
    fake.answer(({ path }) => (path === '/sync' ? syncs.shift() : undefined));
    await started();
    await eventually(() => expect(counts).toContain('matrix_invites declined'));
    expect(fake.to('/rooms/!room:evil').map(({ path }) => path)).toEqual(['/rooms/!room:evil/leave']);
  });
});

describe('sending', () => {
  const onSend = (answer: () => FakeAnswer | undefined): void => {
    fake.answer(({ path }) => (path.startsWith('/sendToDevice') ? answer() : undefined));
  };

  it('repeats a message under the same transaction id, and gives each message one of its own', async () => {
    const answers: FakeAnswer[] = ['broken connection', limited(1_000), { status: 502, text: '' }];
    onSend(() => answers.shift());
    await started();
    await homeserver.send('@a:fake', 'A', hangup);
    await homeserver.send('@a:fake', 'A', hangup);
    const paths = fake.to('/sendToDevice').map(({ path }) => path);
    expect(paths).toHaveLength(5);
    expect(new Set(paths.slice(0, 4)).size).toBe(1);
    expect(paths[4]).not.toBe(paths[0]);
    expect(fake.to('/sendToDevice')[0]?.body).toEqual({ messages: { '@a:fake': { A: hangup.content } } });
    const earlier = paths;
    await homeserver.stop();
    await started();
    await homeserver.send('@a:fake', 'A', hangup);
    expect(earlier).not.toContain(fake.to('/sendToDevice').at(-1)?.path);
  });

  it('keeps the order per device while others go ahead', async () => {
    const answers: FakeAnswer[] = [limited(10_000)];
    onSend(() => answers.shift());
    await started();
    const done: string[] = [];
    const send = async (device: string, id: string): Promise<void> => {
      await homeserver.send('@a:fake', device, { type: 'm.call.hangup', content: { call_id: id } });
      done.push(id);
    };
    await Promise.all([send('SLOW', 'slow 1'), send('SLOW', 'slow 2'), send('OTHER', 'other')]);
    expect(done).toEqual(['other', 'slow 1', 'slow 2']);
  });

  it('gives up on what the homeserver refuses, and goes on with the next', async () => {
    const answers: FakeAnswer[] = [{ status: 400, json: { errcode: 'M_BAD_JSON', error: 'no' } }];
    onSend(() => answers.shift());
    await started();
    const first = homeserver.send('@a:fake', 'A', hangup);
    const second = homeserver.send('@a:fake', 'A', hangup);
    await expect(first).rejects.toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
    await second;
  });

  it('gives up in bounded time and attempts, also on what still waits in line', async () => {
    onSend(() => 'silence');
    await started();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => homeserver.send('@a:fake', 'A', hangup)));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WEIR_HOMESERVER_UNREACHABLE' } });
    }
    expect(fake.to('/sendToDevice').length).toBeLessThan(10);
  });

  it('does not wait for a moment that comes too late', async () => {
    onSend(() => limited(120_000));
    await started();
    await expect(homeserver.send('@a:fake', 'A', hangup)).rejects.toMatchObject({
      code: 'WEIR_HOMESERVER_UNREACHABLE',
    });
    expect(fake.to('/sendToDevice')).toHaveLength(1);
  });

  it('refuses more than a lane holds', async () => {
    onSend(() => 'silence');
    await started();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 70 }, () => homeserver.send('@a:fake', 'A', hangup)),
    );
    const codes = outcomes.map(outcome => (outcome.status === 'rejected' ? asWeirError(outcome.reason).code : 'sent'));
    expect(codes.filter(code => code === 'WEIR_OVERLOADED')).toHaveLength(6);
    expect(codes.filter(code => code === 'WEIR_HOMESERVER_UNREACHABLE')).toHaveLength(64);
  });

  it('uses a connection again, and survives that the homeserver closed it', async () => {
    await started();
    await homeserver.send('@a:fake', 'A', hangup);
    const before = fake.connections;
    await homeserver.send('@a:fake', 'A', hangup);
    expect(fake.connections).toBe(before);
    fake.closeIdle();
    await homeserver.send('@a:fake', 'A', hangup);
    expect(fake.to('/sendToDevice')).toHaveLength(3);
  });

  it('is refused before the start and after the stop', async () => {
    connect();
    await expect(homeserver.send('@a:fake', 'A', hangup)).rejects.toMatchObject({
      code: 'WEIR_HOMESERVER_UNREACHABLE',
    });
    await homeserver.start(undefined);
    await homeserver.stop();
    await expect(homeserver.send('@a:fake', 'A', hangup)).rejects.toMatchObject({ code: 'WEIR_FOCUS_STOPPING' });
  });
});
