import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SyncAnswer } from './homeserver-answers.ts';
import type { Homeserver } from './homeserver.ts';
import { problem, ProblemError } from './problems.ts';
import { roomFilter, SyncLoop } from './sync.ts';

const ROOM = '!r:x';
type Step = SyncAnswer | Error;

/** Answers /sync from a list; then it waits, as a homeserver without news does. */
class FakeSyncHomeserver {
  readonly sinces: (string | undefined)[] = [];
  readonly steps: Step[];

  constructor(steps: Step[]) {
    this.steps = steps;
  }

  async sync(options: Parameters<Homeserver['sync']>[0]): Promise<SyncAnswer> {
    this.sinces.push(options.since);
    const step = this.steps.shift();
    if (step instanceof Error) throw step;
    if (step !== undefined) return step;
    return new Promise((_resolve, reject) => {
      options.signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  }
}

let told: string[];
let loop: SyncLoop | undefined;

function start(steps: Step[]): { homeserver: FakeSyncHomeserver; first: Promise<void> } {
  const homeserver = new FakeSyncHomeserver(steps);
  loop = new SyncLoop(homeserver, ROOM, {
    toDevice: ({ type }) => told.push(`message ${type}`),
    state: events => told.push(`state ${events.map(({ type }) => type).join()}`),
    trouble: reason => told.push(`trouble ${reason?.code ?? 'over'}`),
    removed: () => told.push('removed'),
  });
  return { homeserver, first: loop.start() };
}

const unreachable = (): Error => new ProblemError(problem('HOMESERVER_UNREACHABLE'));

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
});
afterEach(() => {
  loop?.stop();
  vi.useRealTimers();
});

it('hands on state before messages, and passes over what is malformed', async () => {
  const { homeserver, first } = start([
    {
      next_batch: '1',
      to_device: { events: [{ type: 'm.call.answer', sender: '@f:x', content: {} }, { type: 3 }, null] },
      rooms: {
        join: {
          [ROOM]: {
            state: { events: [{ type: 'm.room.name', state_key: '', sender: '@a:x', content: {} }, 'no'] },
            timeline: { events: [{ type: 'm.room.message', sender: '@a:x', content: {} }] },
          },
          '!other:x': { state: { events: [{ type: 'm.call', state_key: '', sender: '@a:x', content: {} }] } },
        },
      },
    },
  ]);
  await first;
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['state m.room.name', 'message m.call.answer']);
  expect(homeserver.sinces).toEqual([undefined, '1']);
});

it('says what is wrong, tries again from where it stood, and says when it is over', async () => {
  const { homeserver, first } = start([{ next_batch: '1' }, unreachable(), unreachable(), { next_batch: '2' }]);
  await first;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told).toEqual(['trouble HOMESERVER_UNREACHABLE', 'trouble HOMESERVER_UNREACHABLE', 'trouble over']);
  expect(homeserver.sinces).toEqual([undefined, '1', '1', '1', '2']);
});

it('ends where the token is refused', async () => {
  const { homeserver, first } = start([{ next_batch: '1' }, new ProblemError(problem('TOKEN_REFUSED'))]);
  await first;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(told).toEqual(['trouble TOKEN_REFUSED']);
  expect(homeserver.sinces).toHaveLength(2);
});

it('rejects where the first answer fails', async () => {
  await expect(start([unreachable()]).first).rejects.toMatchObject({ problem: { code: 'HOMESERVER_UNREACHABLE' } });
});

it('notices that we are out of the room', async () => {
  const { first } = start([{ next_batch: '1' }, { next_batch: '2', rooms: { leave: { [ROOM]: {} } } }]);
  await first;
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['removed']);
});

it('asks for nothing but messages and the call state of one room', () => {
  const filter = JSON.stringify(roomFilter(ROOM));
  expect(filter).toContain(ROOM);
  expect(filter).not.toContain('m.room.member');
});
