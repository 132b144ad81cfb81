import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asWeirError } from '../wire/errors.ts';
import type { FakeAnswer } from './fake-homeserver.ts';
import { eventually, FakeRig, HANGUP, limited } from './fake-rig.ts';

vi.setConfig({ testTimeout: 30_000 });

let rig: FakeRig;
beforeEach(async () => {
  rig = await FakeRig.open();
});
afterEach(() => rig.close());

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
    rig.fake.answer(({ path }) =>
      path === '/sync' ? syncs.shift() : path.startsWith('/join/') ? joins.shift() : undefined,
    );
    await rig.start();
    await eventually(() => expect(rig.batches).toHaveLength(2));
    expect(rig.fake.to('/join/!room:fake').length).toBeLessThan(3);
    await eventually(() => expect(rig.counts).toContain('matrix_invites joined'));
    const tries = rig.fake.to('/join/!room:fake');
    expect(tries).toHaveLength(3);
    // A homeserver that is new in the room needs to be told who knows it.
    for (const { query } of tries) expect([query.get('via'), query.get('server_name')]).toEqual(['fake', 'fake']);
  });

  it('to rooms that the homeserver does not know well yet are tried again', async () => {
    const syncs = [invited('!new:fake', '@alice:fake')];
    const unknown = { status: 404, json: { errcode: 'M_UNKNOWN', error: 'no servers that are in the room' } };
    const unheard = { status: 403, json: { errcode: 'M_FORBIDDEN', error: 'not invited' } };
    const joins: FakeAnswer[] = [unknown, unheard, { json: { room_id: '!new:fake' } }];
    rig.fake.answer(({ path }) =>
      path === '/sync' ? syncs.shift() : path.startsWith('/join/') ? joins.shift() : undefined,
    );
    await rig.start();
    await eventually(() => expect(rig.counts).toContain('matrix_invites joined'));
    expect(rig.fake.to('/join/!new:fake')).toHaveLength(3);
  });

  it('that were withdrawn are given up', async () => {
    const syncs = [invited('!gone:fake', '@alice:fake')];
    rig.fake.answer(({ path }) => {
      if (path === '/sync') return syncs.shift();
      return path.startsWith('/join/')
        ? { status: 403, json: { errcode: 'M_FORBIDDEN', error: 'not invited' } }
        : undefined;
    });
    await rig.start();
    await eventually(() => expect(rig.counts).toContain('matrix_invites failed'));
    expect(rig.fake.to('/join/!gone:fake').length).toBeLessThan(8);
  });

  it('of others are declined', async () => {
    const syncs = [invited('!room:evil', '@mallory:evil')];
    rig.fake.answer(({ path }) => (path === '/sync' ? syncs.shift() : undefined));
    await rig.start();
    await eventually(() => expect(rig.counts).toContain('matrix_invites declined'));
    expect(rig.fake.to('/rooms/!room:evil').map(({ path }) => path)).toEqual(['/rooms/!room:evil/leave']);
  });
});

describe('sending', () => {
  const onSend = (answer: () => FakeAnswer | undefined): void => {
    rig.fake.answer(({ path }) => (path.startsWith('/sendToDevice') ? answer() : undefined));
  };

  it('repeats a message under the same transaction id, and gives each message one of its own', async () => {
    const answers: FakeAnswer[] = ['broken connection', limited(1_000), { status: 502, text: '' }];
    onSend(() => answers.shift());
    await rig.start();
    await rig.homeserver.send('@a:fake', 'A', HANGUP);
    await rig.homeserver.send('@a:fake', 'A', HANGUP);
    const paths = rig.fake.to('/sendToDevice').map(({ path }) => path);
    expect(paths).toHaveLength(5);
    expect(new Set(paths.slice(0, 4)).size).toBe(1);
    expect(paths[4]).not.toBe(paths[0]);
    expect(rig.fake.to('/sendToDevice')[0]?.body).toEqual({ messages: { '@a:fake': { A: HANGUP.content } } });
    const earlier = paths;
    await rig.homeserver.stop();
    await rig.start();
    await rig.homeserver.send('@a:fake', 'A', HANGUP);
    expect(earlier).not.toContain(rig.fake.to('/sendToDevice').at(-1)?.path);
  });

  it('keeps the order per device while others go ahead', async () => {
    const answers: FakeAnswer[] = [limited(10_000)];
    onSend(() => answers.shift());
    await rig.start();
    const done: string[] = [];
    const send = async (device: string, id: string): Promise<void> => {
      await rig.homeserver.send('@a:fake', device, { type: 'm.call.hangup', content: { call_id: id } });
      done.push(id);
    };
    await Promise.all([send('SLOW', 'slow 1'), send('SLOW', 'slow 2'), send('OTHER', 'other')]);
    expect(done).toEqual(['other', 'slow 1', 'slow 2']);
  });

  it('gives up on what the homeserver refuses, and goes on with the next', async () => {
    const answers: FakeAnswer[] = [{ status: 400, json: { errcode: 'M_BAD_JSON', error: 'no' } }];
    onSend(() => answers.shift());
    await rig.start();
    const first = rig.homeserver.send('@a:fake', 'A', HANGUP);
    const second = rig.homeserver.send('@a:fake', 'A', HANGUP);
    await expect(first).rejects.toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
    await second;
  });

  it('gives up in bounded time and attempts, also on what still waits in line', async () => {
    onSend(() => 'silence');
    await rig.start();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => rig.homeserver.send('@a:fake', 'A', HANGUP)));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WEIR_HOMESERVER_UNREACHABLE' } });
    }
    expect(rig.fake.to('/sendToDevice').length).toBeLessThan(10);
  });

  it('does not wait for a moment that comes too late', async () => {
    onSend(() => limited(120_000));
    await rig.start();
    await expect(rig.homeserver.send('@a:fake', 'A', HANGUP)).rejects.toMatchObject({
      code: 'WEIR_HOMESERVER_UNREACHABLE',
    });
    expect(rig.fake.to('/sendToDevice')).toHaveLength(1);
  });

  it('refuses more than a lane holds', async () => {
    onSend(() => 'silence');
    await rig.start();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 70 }, () => rig.homeserver.send('@a:fake', 'A', HANGUP)),
    );
    const codes = outcomes.map(outcome => (outcome.status === 'rejected' ? asWeirError(outcome.reason).code : 'sent'));
    expect(codes.filter(code => code === 'WEIR_OVERLOADED')).toHaveLength(6);
    expect(codes.filter(code => code === 'WEIR_HOMESERVER_UNREACHABLE')).toHaveLength(64);
  });

  it('uses a connection again, and survives that the homeserver closed it', async () => {
    await rig.start();
    await rig.homeserver.send('@a:fake', 'A', HANGUP);
    const before = rig.fake.connections;
    await rig.homeserver.send('@a:fake', 'A', HANGUP);
    expect(rig.fake.connections).toBe(before);
    rig.fake.closeIdle();
    await rig.homeserver.send('@a:fake', 'A', HANGUP);
    expect(rig.fake.to('/sendToDevice')).toHaveLength(3);
  });

  it('is refused before the start and after the stop', async () => {
    rig.connect();
    await expect(rig.homeserver.send('@a:fake', 'A', HANGUP)).rejects.toMatchObject({
      code: 'WEIR_HOMESERVER_UNREACHABLE',
    });
    await rig.homeserver.start(undefined);
    await rig.homeserver.stop();
    await expect(rig.homeserver.send('@a:fake', 'A', HANGUP)).rejects.toMatchObject({ code: 'WEIR_FOCUS_STOPPING' });
  });
});
