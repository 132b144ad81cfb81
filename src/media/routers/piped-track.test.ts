import { beforeEach, describe, expect, it } from 'vitest';
import { settlePromises, VirtualClock } from '../../testing/virtual-clock.ts';
import { PipedTrack } from './piped-track.ts';
import type { Crossing } from './router-links.ts';

const LINGER_MS = 10_000;
const silent = (): void => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

/** A crossing that notes what becomes of it. */
class NotedCrossing implements Crossing {
  readonly done: string[] = [];
  #ended: (() => void) | undefined;

  flow(flows: boolean): Promise<void> {
    this.done.push(flows ? 'flows' : 'stands');
    return Promise.resolve();
  }

  onEnd(ended: () => void): void {
    this.#ended = ended;
  }

  close(): void {
    this.done.push('closed');
    this.#ended?.();
  }
}

let clock: VirtualClock;
let crossing: NotedCrossing;
let piped: PipedTrack;
let ends: number;

beforeEach(() => {
  clock = new VirtualClock();
  crossing = new NotedCrossing();
  ends = 0;
  piped = new PipedTrack(Promise.resolve(crossing), clock, logger, () => {
    ends += 1;
  });
});

/** After what was promised has come about. */
async function after(ms: number): Promise<string[]> {
  await clock.pass(ms);
  await settlePromises();
  return crossing.done;
}

describe('a piped track', () => {
  it('flows from the beginning, and goes on while anybody wants it', async () => {
    const [one, other] = [await piped.hold(), await piped.hold()];
    one.flow(true);
    other.flow(true);
    one.flow(false);
    expect(await after(10 * LINGER_MS)).toEqual([]);
  });

  it('stands still some time after the last one wanted it, and flows again at once', async () => {
    const hold = await piped.hold();
    hold.flow(true);
    hold.flow(false);
    expect(await after(LINGER_MS - 1)).toEqual([]);
    expect(await after(1)).toEqual(['stands']);
    hold.flow(true);
    expect(await after(0)).toEqual(['stands', 'flows']);
  });

  it('takes no notice of who looks away for a moment', async () => {
    const hold = await piped.hold();
    for (let count = 0; count < 5; count += 1) {
      hold.flow(true);
      hold.flow(false);
      expect(await after(LINGER_MS - 1)).toEqual([]);
    }
  });

  it('ends some time after nobody holds it, also when it stood still before', async () => {
    const hold = await piped.hold();
    expect(await after(LINGER_MS)).toEqual(['stands']);
    hold.release();
    expect(await after(LINGER_MS)).toEqual(['stands', 'closed']);
    expect(ends).toBe(1);
  });

  it('goes on for who comes while it lingers', async () => {
    const first = await piped.hold();
    first.release();
    await after(LINGER_MS - 1);
    const second = await piped.hold();
    second.flow(true);
    expect(await after(LINGER_MS)).toEqual([]);
  });

  it('ends once, and does nothing afterwards', async () => {
    const hold = await piped.hold();
    piped.close();
    piped.close();
    hold.flow(true);
    hold.release();
    expect(await after(10 * LINGER_MS)).toEqual(['closed']);
    expect(ends).toBe(1);
  });

  it('that does not get there is nothing that could be held', async () => {
    let failures = 0;
    const lost = new PipedTrack(Promise.reject(new Error('no router')), clock, logger, () => {
      failures += 1;
    });
    await expect(lost.hold()).rejects.toThrow('no router');
    expect(failures).toBe(1);
  });
});
