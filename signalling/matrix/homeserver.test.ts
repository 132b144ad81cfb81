import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeAnswer } from './fake-homeserver.ts';
import { eventually, FakeRig, limited, TOKEN } from './fake-rig.ts';

vi.setConfig({ testTimeout: 30_000 });

let rig: FakeRig;
beforeEach(async () => {
  rig = await FakeRig.open();
});
afterEach(() => rig.close());

describe('log-in', () => {
  it('tries again until the homeserver answers as one', async () => {
    const answers: FakeAnswer[] = [
      'broken connection',
      { status: 502, text: '<html>Bad Gateway</html>' },
      { status: 200, text: 'not JSON' },
      { status: 404, text: 'no such site yet' },
      limited(1_000),
    ];
    rig.fake.answer(({ path }) => (path === '/account/whoami' ? answers.shift() : undefined));
    const identity = await rig.connect().start(undefined);
    expect(identity).toEqual({ userId: '@focus:fake', deviceId: 'FOCUS' });
    expect(rig.fake.to('/account/whoami')).toHaveLength(6);
    expect(rig.fake.requests.every(request => request.authorization === `Bearer ${TOKEN}`)).toBe(true);
  });

  it.each([
    { status: 401, json: { errcode: 'M_UNKNOWN_TOKEN', error: 'who?' } },
    { status: 403, json: { errcode: 'M_FORBIDDEN', error: 'no' } },
    { json: { user_id: '@service:fake' } },
  ])('is over at once when refused: %j', async answer => {
    rig.fake.answer(() => answer);
    await expect(rig.connect().start(undefined)).rejects.toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
    expect(rig.homeserver.health()).toMatchObject({ state: 'refused', lastError: { code: 'WEIR_HOMESERVER_REFUSED' } });
    expect(rig.fake.requests).toHaveLength(1);
  });

  it('sends a password once and hands over the token, without ever sending it before', async () => {
    rig.fake.answer(({ path }) =>
      path === '/login'
        ? { json: { user_id: '@focus:fake', device_id: 'NEW', access_token: 'fresh', home_server: 'fake' } }
        : undefined,
    );
    const kept: unknown[] = [];
    rig.connect({
      credentials: { kind: 'password', user: 'focus', password: 'hunter2' },
      onLogin: login => {
        kept.push(login);
      },
    });
    await rig.homeserver.start(undefined);
    await eventually(() => expect(rig.fake.to('/sync')).not.toHaveLength(0));
    expect(kept).toEqual([{ userId: '@focus:fake', deviceId: 'NEW', accessToken: 'fresh' }]);
    expect(rig.fake.to('/login')).toHaveLength(1);
    expect(rig.fake.to('/login')[0]?.authorization).toBeUndefined();
    expect(rig.fake.to('/sync')[0]?.authorization).toBe('Bearer fresh');
    expect(rig.logged.join('\n')).not.toContain('hunter2');
  });

  it('ends when stopped', async () => {
    rig.fake.answer(() => 'silence');
    const outcome = rig.connect().start(undefined);
    await eventually(() => expect(rig.fake.requests).toHaveLength(1));
    await Promise.all([expect(outcome).rejects.toMatchObject({ code: 'WEIR_FOCUS_STOPPING' }), rig.homeserver.stop()]);
  });
});

describe('sync', () => {
  const sequence = (...answers: FakeAnswer[]): void => {
    rig.fake.answer(({ path, query }) =>
      path === '/sync' && !query.get('filter')?.includes('"limit":1}') ? answers.shift() : undefined,
    );
  };

  it('asks for the whole state from the kept position first, then polls from where it is', async () => {
    sequence({ json: { next_batch: 's1' } }, { json: { next_batch: 's2' } });
    await rig.start({ since: 'kept', at: rig.clock.now() - 5_000 });
    await eventually(() => expect(rig.fake.to('/sync').filter(({ query }) => query.has('since'))).toHaveLength(3));
    const asked = rig.fake.to('/sync').filter(({ query }) => query.has('since'));
    expect(asked.map(({ query }) => [query.get('since'), query.get('full_state')])).toEqual([
      ['kept', 'true'],
      ['s1', null],
      ['s2', null],
    ]);
    expect(asked.map(({ query }) => Number(query.get('timeout')) > 0)).toEqual([false, true, true]);
    expect(rig.batches.map(({ position, whole, catchUp }) => [position.since, whole, catchUp])).toEqual([
      ['s1', true, true],
      ['s2', false, false],
    ]);
    expect(rig.batches[0]?.lateMs).toBeGreaterThanOrEqual(5_000);
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
    await rig.start();
    await eventually(() => expect(rig.batches).toHaveLength(2));
    await eventually(() => expect(rig.fake.to('/sync')).toHaveLength(9));
    const since = rig.fake.to('/sync').map(({ query }) => query.get('since'));
    expect(since).toEqual([null, 's1', 's1', 's1', 's1', 's1', 's1', 's1', 's2']);
    expect(rig.homeserver.health().state).toBe('reached');
    expect(rig.batches[1]?.position.since).toBe('s2');
    expect(rig.batches[1]?.lateMs).toBeGreaterThan(1_000);
  });

  it('waits as long as a homeserver under load says, and reads the whole state when that was long', async () => {
    sequence({ json: { next_batch: 's1' } }, limited(5_000), { json: { next_batch: 's2' } }, limited(65_000), {
      json: { next_batch: 's3' },
    });
    await rig.start();
    await eventually(() => expect(rig.batches).toHaveLength(3));
    expect(rig.batches.map(({ whole, catchUp }) => [whole, catchUp])).toEqual([
      [true, true],
      [false, false],
      [true, false],
    ]);
    expect(rig.batches[1]?.lateMs).toBeGreaterThanOrEqual(5_000);
    expect(rig.batches[2]?.lateMs).toBeGreaterThanOrEqual(65_000);
  });

  it('keeps trying slowly with a refused token, and goes on when it is good again', async () => {
    const unknownToken = { status: 401, json: { errcode: 'M_UNKNOWN_TOKEN', error: 'gone', soft_logout: true } };
    sequence({ json: { next_batch: 's1' } }, unknownToken, { json: { next_batch: 's2' } });
    const states: string[] = [];
    rig.connect({ events: { batch: batch => rig.takeBatch(batch), health: ({ state }) => states.push(state) } });
    await rig.homeserver.start(undefined);
    await eventually(() => expect(rig.batches).toHaveLength(2));
    expect(rig.batches[1]?.lateMs).toBeGreaterThanOrEqual(60_000);
    expect(states).toEqual(['reached', 'refused', 'reached']);
    expect(rig.homeserver.health().lastError).toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
  });

  it('starts anew when the homeserver does not know the position', async () => {
    sequence(
      { status: 400, json: { errcode: 'M_UNKNOWN', error: 'Invalid stream token' } },
      { json: { next_batch: 's1' } },
    );
    await rig.start({ since: 'of another database', at: 1 });
    await eventually(() => expect(rig.batches).toHaveLength(1));
    expect(rig.batches[0]).toMatchObject({ whole: true, catchUp: true, lateMs: undefined });
  });

  describe('of state from before what is known, as where two servers said something at a time', () => {
    const member = (userId: string, membership: string): object => ({
      type: 'm.room.member',
      sender: userId,
      state_key: userId,
      content: { membership },
    });
    const invited = {
      next_batch: 's2',
      rooms: { join: { '!r': { state: { events: [member('@bob:b', 'invite')] }, timeline: { events: [] } } } },
    };
    const answers = (...states: FakeAnswer[]): void => {
      const syncs: FakeAnswer[] = [{ json: { next_batch: 's1' } }];
      rig.fake.answer(({ path, query }) => {
        if (path === '/rooms/!r/state') return states.shift();
        if (path !== '/sync') return undefined;
        return query.get('since') === 's1' ? { json: invited } : syncs.shift();
      });
    };

    it('takes what the room is like now instead', async () => {
      answers({ json: [member('@bob:b', 'join'), member('@carol:c', 'leave')] });
      await rig.start();
      await eventually(() => expect(rig.batches).toHaveLength(2));
      expect(rig.batches[1]?.rooms).toEqual([
        {
          roomId: '!r',
          membership: 'join',
          changes: [
            { kind: 'membership', userId: '@bob:b', membership: 'join' },
            { kind: 'membership', userId: '@carol:c', membership: 'leave' },
          ],
        },
      ]);
    });

    it('syncs again from where it was when the homeserver does not answer', async () => {
      answers('broken connection', { status: 502, text: '' }, { json: [] });
      await rig.start();
      await eventually(() => expect(rig.batches).toHaveLength(2));
      expect(rig.fake.to('/rooms/!r/state')).toHaveLength(3);
      expect(rig.batches[1]?.rooms).toEqual([{ roomId: '!r', membership: 'join', changes: [] }]);
    });

    it('goes by the sync when it is not in the room any more', async () => {
      answers({ status: 403, json: { errcode: 'M_FORBIDDEN', error: 'not in the room' } });
      await rig.start();
      await eventually(() => expect(rig.batches).toHaveLength(2));
      expect(rig.batches[1]?.rooms[0]?.changes).toEqual([
        { kind: 'membership', userId: '@bob:b', membership: 'invite' },
      ]);
    });
  });

  it('does not ask for more before a batch is taken, and goes on when its taker fails', async () => {
    sequence({ json: { next_batch: 's1' } }, { json: { next_batch: 's2' } });
    const taken = Promise.withResolvers<void>();
    let calls = 0;
    rig.takeBatch = async batch => {
      rig.batches.push(batch);
      calls += 1;
      if (calls > 1) return;
      await taken.promise;
      throw new Error('a fault of the taker');
    };
    await rig.start();
    await eventually(() => expect(rig.batches).toHaveLength(1));
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(rig.fake.to('/sync')).toHaveLength(1);
    taken.resolve();
    await eventually(() => expect(rig.batches).toHaveLength(2));
    expect(rig.counts).toContain('matrix_batches_failed');
  });

  it('stops although the taker of a batch hangs', async () => {
    rig.takeBatch = () => new Promise(() => undefined);
    await rig.start();
    await eventually(() => expect(rig.fake.to('/sync')).toHaveLength(1));
    await rig.homeserver.stop();
  });
});
