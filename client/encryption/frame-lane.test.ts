import { expect, it } from 'vitest';
import { MOST_WAITING, runLane } from './frame-lane.ts';

/** Numbers as frames; `done` lets those that wait go on. */
function laneOf(passes: (frame: number) => Promise<boolean>) {
  const written: number[] = [];
  const overflowed: number[] = [];
  const input = new TransformStream<number, number>();
  const writer = input.writable.getWriter();
  const ended = runLane(
    input.readable,
    new WritableStream<number>({
      write: frame => {
        written.push(frame);
      },
    }),
    { pass: passes, overflowed: frame => overflowed.push(frame) },
  );
  return { writer, ended, written, overflowed };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

it('keeps the order, whichever is ready first, and leaves out what must not go on', async () => {
  const frames = upTo(5);
  const ready = frames.map(() => Promise.withResolvers<boolean>());
  const written: number[] = [];
  const output = new WritableStream<number>({
    write: frame => {
      written.push(frame);
    },
  });
  const input = new ReadableStream<number>({
    start: controller => {
      for (const frame of frames) controller.enqueue(frame);
      controller.close();
    },
  });
  const ended = runLane(input, output, {
    pass: async frame => (await ready[frame]?.promise) === true,
    overflowed: () => undefined,
  });
  for (const frame of frames.toReversed()) {
    if (frame === 3) ready[frame]?.reject(new Error('unreadable'));
    else ready[frame]?.resolve(frame !== 1);
    await new Promise(resolve => setTimeout(resolve));
  }
  await ended;
  expect(written).toEqual([0, 2, 4]);
});

it('holds a bounded number of frames, and drops the newest of more', async () => {
  const gate = Promise.withResolvers<boolean>();
  const { writer, ended, written, overflowed } = laneOf(() => gate.promise);
  const more = 5;
  for (const frame of upTo(MOST_WAITING + more)) await writer.write(frame);
  await expect.poll(() => overflowed).toEqual(upTo(more).map(frame => MOST_WAITING + frame));
  gate.resolve(true);
  await expect.poll(() => written.length).toBe(MOST_WAITING);
  // It is not full any more.
  await writer.write(1_000);
  await writer.close();
  await ended;
  expect(written).toEqual([...upTo(MOST_WAITING), 1_000]);
});

it('takes what comes, and drops it, where nothing can be written any more', async () => {
  const input = new TransformStream<number, number>();
  const writer = input.writable.getWriter();
  const overflowed: number[] = [];
  const broken = new WritableStream<number>({
    write: () => {
      throw new Error('gone');
    },
  });
  const ended = runLane(input.readable, broken, {
    pass: async () => true,
    overflowed: frame => overflowed.push(frame),
  });
  for (const frame of upTo(4)) {
    await writer.write(frame);
    await new Promise(resolve => setTimeout(resolve));
  }
  await writer.close();
  await ended;
  expect(overflowed).toEqual([1, 2, 3]);
});

it('ends where the frames end badly', async () => {
  const { writer, ended, written } = laneOf(async () => true);
  await writer.write(0);
  await expect.poll(() => written).toEqual([0]);
  await writer.abort(new Error('gone'));
  await ended;
});
