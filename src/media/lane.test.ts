import { describe, expect, it } from 'vitest';
import { WeirError } from '../../signalling/wire/errors.ts';
import { Lane } from './lane.ts';

describe('Lane', () => {
  it('carries calls out one after the other, in their order', async () => {
    const lane = new Lane(10);
    const seen: string[] = [];
    const task = (name: string, turns: number) => async (): Promise<string> => {
      seen.push(`${name} begins`);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      seen.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all([lane.run(task('a', 5)), lane.run(task('b', 1))])).toEqual(['a', 'b']);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('goes on after a failure, and rejects with errors of ours alone', async () => {
    const lane = new Lane(10);
    const failed = lane.run(() => {
      throw new TypeError('engine');
    });
    const next = lane.run(() => 'next');
    await expect(failed).rejects.toBeInstanceOf(WeirError);
    await expect(failed).rejects.toMatchObject({ code: 'WEIR_MEDIA_FAILED', message: 'engine' });
    await expect(next).resolves.toBe('next');
  });

  it('refuses what does not fit', async () => {
    const lane = new Lane(2);
    const fitting = [lane.run(() => 1), lane.run(() => 2)];
    await expect(lane.run(() => 3)).rejects.toMatchObject({ code: 'WEIR_OVERLOADED' });
    expect(await Promise.all(fitting)).toEqual([1, 2]);
    await expect(lane.run(() => 4)).resolves.toBe(4);
  });

  it('rejects what waits when it is closed', async () => {
    const lane = new Lane(2);
    const waiting = lane.run(() => 1);
    lane.close();
    await expect(waiting).rejects.toMatchObject({ code: 'WEIR_UNEXPECTED_MESSAGE' });
    await expect(lane.run(() => 2)).rejects.toMatchObject({ code: 'WEIR_UNEXPECTED_MESSAGE' });
  });
});
