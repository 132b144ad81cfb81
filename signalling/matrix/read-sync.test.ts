import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeTrunkHello } from '../wire/trunk.ts';
import { readSync, type SyncResponse } from './read-sync.ts';

// The same cases in each run: what fails here fails again.
fc.configureGlobal({ seed: 20_261_123 });

const SELF = '@focus:fake';
let counts: string[];

beforeEach(() => {
  counts = [];
});

function read(json: unknown): SyncResponse {
  const parsed = readSync(json, SELF, (name, labels) => counts.push([name, ...Object.values(labels)].join(' ')));
  if (parsed.kind === 'bad') throw parsed.error;
  return parsed.value;
}

function room(state: unknown[], timeline: unknown[] = []): unknown {
  return { next_batch: 's', rooms: { join: { '!r': { state: { events: state }, timeline: { events: timeline } } } } };
}

const member = (userId: string, membership: string): object => ({
  type: 'm.room.member',
  sender: userId,
  state_key: userId,
  content: { membership },
});
const callMember = (sender: string, stateKey: string, content: object): object => ({
  type: 'org.matrix.msc3401.call.member',
  sender,
  state_key: stateKey,
  content,
});

describe('readSync', () => {
  it('puts the timeline on top of the state before it', () => {
    const { rooms } = read(
      room([member('@a', 'join')], [member('@a', 'leave'), { type: 'm.room.message', sender: '@a', content: {} }]),
    );
    expect(rooms).toEqual([
      {
        roomId: '!r',
        membership: 'join',
        changes: [
          { kind: 'membership', userId: '@a', membership: 'join' },
          { kind: 'membership', userId: '@a', membership: 'leave' },
        ],
      },
    ]);
    expect(counts).toEqual([]);
  });

  it('takes whatever replaces a user’s own entry for the end of what it said', () => {
    const { rooms } = read(
      room([
        callMember('@a', '@a', {}),
        callMember('@b', '@b', { 'm.calls': 'garbage' }),
        callMember('@c', '@c', { memberships: [] }),
        callMember('@d', '_@d_DEVICE_m.call', { application: 'm.call', device_id: 'D' }),
        callMember('@e', '@a', { 'm.calls': [] }),
      ]),
    );
    expect(rooms[0]?.changes).toEqual(
      ['@a', '@b', '@c'].map(userId => ({
        kind: 'call_member',
        type: 'org.matrix.msc3401.call.member',
        userId,
        devices: [],
      })),
    );
    expect(counts).toEqual(['matrix_state_ignored bad_call_member', 'matrix_state_ignored bad_call_member']);
  });

  it('reads what decides who may publish', () => {
    const state = (type: string, content: object, stateKey = ''): object => ({
      type,
      sender: '@maker',
      state_key: stateKey,
      content,
    });
    const { rooms } = read(
      room([
        state('m.room.create', { room_version: '12', additional_creators: ['@helper'] }),
        state('m.room.power_levels', { users: { '@mod': 50 } }),
        state('m.room.power_levels', { users: { '@mallory': 100 } }, 'another key'),
        state('org.weir.call.permissions', { publish: { audio: 50 } }),
        state('org.weir.call.permissions', {}, 'conf'),
      ]),
    );
    expect(rooms[0]?.changes).toEqual([
      { kind: 'creation', creation: { creators: ['@maker', '@helper'], outrank: true } },
      { kind: 'power_levels', levels: { users: new Map([['@mod', 50]]), usersDefault: 0 } },
      { kind: 'permissions', confId: '', permissions: { publish: { audio: 50 }, floor: undefined } },
      { kind: 'permissions', confId: 'conf', permissions: undefined },
    ]);
    expect(counts).toEqual([]);
  });

  it('reads that messages are encrypted, whatever the event says, under the empty key alone', () => {
    const encryption = (content: object, stateKey = ''): object => ({
      type: 'm.room.encryption',
      sender: '@a',
      state_key: stateKey,
      content,
    });
    const { rooms } = read(
      room([encryption({ algorithm: 'm.megolm.v1.aes-sha2' })], [encryption({}), encryption({}, 'another key')]),
    );
    expect(rooms[0]?.changes).toEqual([{ kind: 'encryption' }, { kind: 'encryption' }]);
    expect(counts).toEqual([]);
  });

  it('takes permissions that cannot be read for none, and counts them', () => {
    const { rooms } = read(
      room([{ type: 'org.weir.call.permissions', sender: '@a', state_key: 'conf', content: { publish: 'nobody' } }]),
    );
    expect(rooms[0]?.changes).toEqual([{ kind: 'permissions', confId: 'conf', permissions: undefined }]);
    expect(counts).toEqual(['matrix_state_ignored bad_permissions']);
  });

  it('tells rooms that were left, and who invites', () => {
    const { rooms, invites } = read({
      next_batch: 's',
      rooms: {
        invite: {
          '!in': {
            invite_state: {
              events: [
                { type: 'm.room.create', sender: '@maker:made.example:8448', state_key: '', content: {} },
                { type: 'm.room.name', sender: 'nobody', state_key: '', content: {} },
                { ...member(SELF, 'invite'), sender: '@host:fake' },
              ],
            },
          },
          '!odd': { invite_state: { events: [member('@other', 'invite')] } },
        },
        leave: { '!out': { timeline: { events: [member(SELF, 'leave')] } } },
      },
    });
    expect(invites).toEqual([
      { roomId: '!in', inviter: '@host:fake', via: ['made.example:8448', 'fake'] },
      { roomId: '!odd', inviter: undefined, via: [] },
    ]);
    expect(rooms.map(({ roomId, membership }) => [roomId, membership])).toEqual([
      ['!in', 'invite'],
      ['!odd', 'invite'],
      ['!out', 'leave'],
    ]);
  });

  it('leaves out what is malformed, counts it, and keeps the rest', () => {
    const { rooms, toDevice } = read({
      next_batch: 's',
      to_device: {
        events: [null, 7, { type: 'm.call.hangup' }, { type: 'm.call.hangup', sender: '@a', content: null }],
      },
      rooms: {
        join: {
          '!bad': 'no room',
          '!r': {
            state: {
              events: [
                null,
                { type: 'm.room.member', state_key: 5, sender: '@a', content: {} },
                member('@a', 'lurking'),
                { type: 'm.call', sender: '@a', state_key: '', content: {} },
                member('@b', 'join'),
              ],
            },
          },
        },
      },
    });
    expect(rooms).toEqual([
      { roomId: '!bad', membership: 'join', changes: [] },
      { roomId: '!r', membership: 'join', changes: [{ kind: 'membership', userId: '@b', membership: 'join' }] },
    ]);
    expect(toDevice.map(({ parsed }) => parsed.kind)).toEqual(['bad']);
    expect(counts.filter(count => count.startsWith('matrix_state_ignored'))).toHaveLength(5);
    expect(counts.filter(count => count.startsWith('matrix_to_device_received'))).toHaveLength(4);
  });

  it('reads hellos of other foci apart from calls', () => {
    const { type, content } = writeTrunkHello({
      ...{ from: { userId: '@claimed:x', deviceId: 'WEIR' }, roomId: '!r', confId: 'c', versions: [1], answers: [] },
      ...{ epoch: 'A'.repeat(22), publicKey: 'B'.repeat(43), url: 'wss://one.example/v1/trunk' },
    });
    const events = [
      { type, sender: '@focus:one', content },
      { type, sender: '@focus:one', content: { ...content, epoch: 7 } },
      { type: 'm.call.hangup', sender: '@a', content: {} },
    ];
    const { toDevice, trunkHellos } = read({ next_batch: 's', to_device: { events } });
    expect(trunkHellos.map(({ from }) => from)).toEqual([{ userId: '@focus:one', deviceId: 'WEIR' }]);
    expect(toDevice).toHaveLength(1);
    expect(counts).toEqual([
      'matrix_to_device_received org.weir.trunk.hello hello',
      'matrix_to_device_received org.weir.trunk.hello bad',
      'matrix_to_device_received m.call.hangup bad',
    ]);
  });

  it.each([undefined, null, [], 'text', {}, { next_batch: '' }, { next_batch: 's', to_device: [] }])(
    'refuses what is no sync response: %j',
    json => {
      expect(readSync(json, SELF, () => undefined).kind).toBe('bad');
    },
  );

  it('never throws, and labels stay few', () => {
    const events = fc.array(
      fc.oneof(
        fc.anything({ maxDepth: 1 }),
        fc.record({
          type: fc.oneof(fc.string(), fc.constantFrom('m.room.member', 'm.call', 'm.call.member', 'm.call.invite')),
          sender: fc.oneof(fc.constantFrom(SELF, '@a:b'), fc.string()),
          state_key: fc.string(),
          content: fc.object({ maxDepth: 2 }),
        }),
      ),
    );
    const response = fc.record({
      next_batch: fc.constant('s'),
      to_device: fc.record({ events }),
      rooms: fc.record({
        join: fc.dictionary(
          fc.string(),
          fc.record({ state: fc.record({ events }), timeline: fc.anything({ maxDepth: 2 }) }),
        ),
        invite: fc.dictionary(
          fc.string(),
          fc.oneof(fc.anything({ maxDepth: 1 }), fc.record({ invite_state: fc.record({ events }) })),
        ),
        leave: fc.dictionary(fc.string(), fc.anything({ maxDepth: 2 })),
      }),
    });
    const seen = new Set<string>();
    fc.assert(
      fc.property(response, json => {
        const parsed = readSync(json, SELF, (name, labels) => seen.add([name, ...Object.values(labels)].join(' ')));
        return parsed.kind === 'ok';
      }),
      { numRuns: 60 },
    );
    expect(seen.size).toBeLessThan(40);
  });
});
