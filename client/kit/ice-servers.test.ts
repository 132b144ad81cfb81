import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IceServers, type TurnAnswer } from './ice-servers.ts';

const HOUR_MS = 3_600_000;
const answer = (username: string, lifetimeMs: number | undefined = HOUR_MS): TurnAnswer => ({
  servers: [{ urls: ['turn:turn.example.org'], username, credential: 'secret' }],
  lifetimeMs,
});

describe('the relays of a homeserver', () => {
  let answers: (TurnAnswer | Error)[];
  let asked: number;
  let changes: number;
  let made: IceServers[];
  beforeEach(() => {
    vi.useFakeTimers();
    [answers, asked, changes, made] = [[], 0, 0, []];
  });
  afterEach(() => {
    for (const one of made) one.close();
    vi.useRealTimers();
  });

  async function open(): Promise<IceServers> {
    const servers = new IceServers(
      async () => {
        asked += 1;
        const next = answers.shift() ?? new Error('away');
        if (next instanceof Error) throw next;
        return next;
      },
      () => {
        changes += 1;
      },
    );
    made.push(servers);
    await vi.advanceTimersByTimeAsync(0);
    return servers;
  }

  it('are asked for again before their password ends', async () => {
    answers = [answer('first'), answer('second')];
    const relays = await open();
    expect(relays.servers[0]?.username).toBe('first');
    await vi.advanceTimersByTimeAsync(HOUR_MS * 0.7);
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(HOUR_MS * 0.1);
    expect(relays.servers[0]?.username).toBe('second');
    expect(changes).toBe(2);
  });

  it('are asked for again soon after a computer has slept for longer than their password holds', async () => {
    answers = [answer('before'), answer('after')];
    const relays = await open();
    vi.setSystemTime(Date.now() + 3 * HOUR_MS);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(relays.servers[0]?.username).toBe('after');
  });

  it('stay the same array while they are the same', async () => {
    answers = [answer('one'), answer('one')];
    const relays = await open();
    const before = relays.servers;
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(relays.servers).toBe(before);
    expect(changes).toBe(1);
  });

  it('are kept where the homeserver is away, and asked for again', async () => {
    answers = [new Error('limited'), answer('late'), new Error('away'), answer('later')];
    const relays = await open();
    expect(relays.servers).toEqual([]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(relays.servers[0]?.username).toBe('late');
    await vi.advanceTimersByTimeAsync(HOUR_MS * 0.75);
    expect(relays.servers[0]?.username).toBe('late');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(relays.servers[0]?.username).toBe('later');
  });

  it('are asked for once where there are none, or they hold for ever', async () => {
    answers = [{ servers: [], lifetimeMs: HOUR_MS }];
    await open();
    answers = [{ ...answer('ever'), lifetimeMs: undefined }];
    await open();
    await vi.advanceTimersByTimeAsync(HOUR_MS * 24);
    expect(asked).toBe(2);
  });

  it('are not asked for all the time by a homeserver that gives them no life', async () => {
    answers = Array.from({ length: 10 }, () => answer('short', 0));
    await open();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(asked).toBe(3);
  });

  it('are waited for, but not for long', async () => {
    const slow = new IceServers(
      () => new Promise(() => undefined),
      () => undefined,
    );
    made.push(slow);
    let known = false;
    const waiting = slow.known(1_000).then(() => {
      known = true;
    });
    await vi.advanceTimersByTimeAsync(900);
    expect(known).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await waiting;
    expect(known).toBe(true);
  });

  it('are asked for no more once nobody needs them', async () => {
    answers = [answer('one'), answer('two')];
    const relays = await open();
    relays.close();
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(asked).toBe(1);
  });
});
