/** The true client of the library, with a homeserver that answers from a list. */
import { MatrixClient } from 'matrix-js-sdk/lib/client.js';
import { Filter } from 'matrix-js-sdk/lib/filter.js';
import { MemoryStore } from 'matrix-js-sdk/lib/store/memory.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ClientHomeserver } from './client-homeserver.ts';
import { callFilter, type FollowedRoom } from './homeserver.ts';

const ROOM = '!r:x';
const ME = '@me:x';
type Step = object | Error | Promise<object>;

/** Answers /sync from a list; then it waits, as a homeserver without news does. */
class FakeHomeserver {
  readonly sinces: (string | null)[] = [];
  readonly filters: string[] = [];
  readonly steps: Step[];
  /** What it says that any state is, and which types it was asked for. */
  state: object | undefined;
  readonly asked: string[] = [];

  constructor(steps: Step[]) {
    this.steps = steps;
  }

  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
    if (pathname.endsWith('/versions')) return Response.json({ versions: ['v1.11'] });
    if (pathname.includes('/pushrules')) return Response.json({ global: {}, device: {} });
    if (pathname.endsWith('/filter')) return Response.json({ filter_id: '1' });
    const [, type] = /\/state\/([^/]+)/.exec(pathname) ?? [];
    if (type !== undefined && this.state !== undefined) {
      this.asked.push(type);
      return Response.json(this.state);
    }
    if (!pathname.endsWith('/sync')) return Response.json({ errcode: 'M_NOT_FOUND', error: 'no' }, { status: 404 });
    this.sinces.push(searchParams.get('since'));
    this.filters.push(searchParams.get('filter') ?? '');
    const step = await this.steps.shift();
    if (step instanceof Error) throw step;
    if (step !== undefined) return Response.json(step, { status: 'errcode' in step ? 401 : 200 });
    return new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
}

const event = (type: string, stateKey: string | undefined, content: object = {}, sender = '@a:x'): object => ({
  type,
  ...(stateKey === undefined ? {} : { state_key: stateKey }),
  sender,
  content,
  event_id: `$${type}-${stateKey}`,
  origin_server_ts: 5,
});
const joined = event('m.room.member', ME, { membership: 'join' }, ME);
const room = (state: object[], timeline: object[] = []): object => ({
  join: {
    [ROOM]: {
      state: { events: [joined, ...state] },
      timeline: { events: timeline },
      ephemeral: { events: [] },
      account_data: { events: [] },
    },
  },
});
const FIRST = { next_batch: '1', rooms: room([]) };
const unreachable = (): Error => new TypeError('fetch failed');

let told: string[];
let client: MatrixClient | undefined;
let followed: FollowedRoom | undefined;

async function start(steps: Step[]): Promise<{ homeserver: FakeHomeserver; known: Promise<void> }> {
  const homeserver = new FakeHomeserver(steps);
  const nothing = (): void => undefined;
  const logger = {
    getChild: () => logger,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
  };
  client = new MatrixClient({
    baseUrl: 'https://hs.example',
    userId: ME,
    deviceId: 'DEV',
    accessToken: 'token',
    store: new MemoryStore(),
    fetchFn: homeserver.fetch,
    disableVoip: true,
    logger,
  });
  const filter = new Filter(ME);
  filter.setDefinition(callFilter(ROOM));
  await client.startClient({ filter, lazyLoadMembers: true });
  return { homeserver, known: follow(client) };
}

function follow(by: MatrixClient): Promise<void> {
  followed = new ClientHomeserver(by).follow(ROOM, {
    toDevice: ({ type, encryption }) =>
      told.push(`message ${type} ${encryption === undefined ? 'clear' : 'encrypted'}`),
    state: events => told.push(`state ${events.map(({ type }) => type).join()}`),
    trouble: reason => told.push(`trouble ${reason?.code ?? 'over'}`),
    removed: () => told.push('removed'),
  });
  return followed.known;
}

beforeEach(() => {
  vi.useFakeTimers();
  for (const say of ['log', 'info', 'debug', 'warn'] as const) vi.spyOn(console, say).mockReturnValue();
  told = [];
});
afterEach(() => {
  followed?.close();
  client?.stopClient();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('hands on messages and state that a call reads, and passes over what is malformed', async () => {
  const { known } = await start([
    {
      next_batch: '1',
      to_device: {
        events: [
          { type: 'm.call.answer', sender: '@f:x', content: {} },
          { type: 3, content: {} },
        ],
      },
      rooms: room(
        [event('m.room.name', '', { name: 'R' }), event('m.room.topic', '')],
        [event('m.room.message', undefined)],
      ),
    },
    { next_batch: '2', rooms: room([], [event('m.room.power_levels', ''), event('org.matrix.msc3401.call', 'c')]) },
  ]);
  await known;
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([
    'message m.call.answer clear',
    'state m.room.name',
    'state m.room.power_levels,org.matrix.msc3401.call',
  ]);
});

it('tells at once what a client knows already', async () => {
  const { known } = await start([{ next_batch: '1', rooms: room([event('m.room.name', '', { name: 'R' })]) }]);
  await known;
  followed?.close();
  told = [];
  if (client !== undefined) await follow(client);
  expect(told).toEqual(['state m.room.name']);
});

it('tells state as it was sent', async () => {
  const seen: object[] = [];
  const { known } = await start([
    FIRST,
    { next_batch: '2', rooms: room([], [event('m.room.name', '', { name: 'R' })]) },
  ]);
  await known;
  followed?.close();
  if (client === undefined) throw new Error('no client');
  const again = new ClientHomeserver(client).follow(ROOM, {
    toDevice: () => undefined,
    state: events => seen.push(...events),
    trouble: () => undefined,
    removed: () => undefined,
  });
  await again.known;
  await vi.advanceTimersByTimeAsync(0);
  again.close();
  expect(seen).toContainEqual({ type: 'm.room.name', stateKey: '', sender: '@a:x', content: { name: 'R' }, sentAt: 5 });
});

it('asks for what is told again after something newer', async () => {
  const power = (at: number): object => ({
    ...event('m.room.power_levels', '', { at }),
    event_id: `$${at}`,
    origin_server_ts: at,
  });
  const { homeserver, known } = await start([
    { next_batch: '1', rooms: room([power(1)]) },
    { next_batch: '2', rooms: room([], [power(2)]) },
    { next_batch: '3', rooms: room([power(1)], [event('org.matrix.msc3401.call.member', '@a:x')]) },
  ]);
  homeserver.state = power(2);
  await known;
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([
    'state m.room.power_levels',
    'state m.room.power_levels',
    'state org.matrix.msc3401.call.member',
    'state m.room.power_levels',
  ]);
  expect(homeserver.asked).toEqual(['m.room.power_levels']);
});

it('says what is wrong, tries again from where it stood, sooner than the client would, and says when it is over', async () => {
  const { homeserver, known } = await start([FIRST, unreachable(), unreachable(), { next_batch: '2' }]);
  await known;
  told = [];
  await vi.advanceTimersByTimeAsync(1_500);
  expect(told).toEqual(['trouble HOMESERVER_UNREACHABLE', 'trouble HOMESERVER_UNREACHABLE', 'trouble over']);
  expect(homeserver.sinces).toEqual([null, '1', '1', '1', '2']);
});

it('ends where the token is refused', async () => {
  const refused = { errcode: 'M_UNKNOWN_TOKEN', error: 'no' };
  const { homeserver, known } = await start([FIRST, refused]);
  await known;
  told = [];
  await vi.advanceTimersByTimeAsync(600_000);
  expect(told).toEqual(['trouble TOKEN_REFUSED']);
  expect(homeserver.sinces).toHaveLength(2);
});

it('rejects where the first answer fails', async () => {
  const { known } = await start([unreachable()]);
  await expect(known).rejects.toMatchObject({ problem: { code: 'HOMESERVER_UNREACHABLE' } });
});

it('does not wait for ever for a homeserver that is silent, nor for one that does not tell of the room', async () => {
  const { known } = await start([new Promise<object>(() => undefined)]);
  const silent = expect(known).rejects.toMatchObject({ problem: { code: 'HOMESERVER_UNREACHABLE' } });
  await vi.advanceTimersByTimeAsync(60_000);
  await silent;
  followed?.close();
  client?.stopClient();
  const { known: knownThere } = await start([{ next_batch: '1' }]);
  const elsewhere = expect(knownThere).rejects.toMatchObject({ problem: { code: 'HOMESERVER_ERROR' } });
  await vi.advanceTimersByTimeAsync(60_000);
  await elsewhere;
});

it('notices that we are out of the room', async () => {
  const left = event('m.room.member', ME, { membership: 'leave' }, '@a:x');
  const { known } = await start([
    FIRST,
    { next_batch: '2', rooms: { leave: { [ROOM]: { timeline: { events: [left] }, state: { events: [] } } } } },
  ]);
  await known;
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toContain('removed');
});

it('is deaf once it is closed', async () => {
  const { known } = await start([FIRST, unreachable(), { next_batch: '2' }]);
  await known;
  told = [];
  followed?.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual([]);
});

it('asks for nothing but messages and what a call reads of one room', async () => {
  const { homeserver, known } = await start([FIRST]);
  await known;
  const filter: unknown = JSON.parse(homeserver.filters[0] ?? '');
  expect(filter).toMatchObject({
    presence: { types: [] },
    room: { rooms: [ROOM], ephemeral: { types: [] }, state: { lazy_load_members: true } },
  });
});
