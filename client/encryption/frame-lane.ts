/** The way of one track's frames through the worker: in order, several at a time, and never more than a few. */

/** Frames of one track that wait here: a second of voice, two of a picture. */
export const MOST_WAITING = 60;

export interface LaneSteps<Frame> {
  /** Changes the frame; false where it must not go on. Several at a time; whatever it throws, the frame does not go on. */
  pass(frame: Frame): Promise<boolean>;
  /** It is dropped, because too many are before it. */
  overflowed(frame: Frame): void;
}

/**
 * Resolves when there is no frame to come any more; never rejects. Whoever falls behind loses the newest: those that wait are in order,
 * and a gap is the same wherever it is.
 */
export async function runLane<Frame>(
  readable: ReadableStream<Frame>,
  writable: WritableStream<Frame>,
  steps: LaneSteps<Frame>,
): Promise<void> {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const lane = { waiting: 0, broken: false };
  let written: Promise<void> = Promise.resolve();
  // The browser ends both where the sender or receiver ends; nothing is left to be told of it.
  const breaks = (): void => {
    lane.broken = true;
  };
  writer.closed.catch(breaks);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // A lane that cannot write goes on reading: what is read and not written is dropped, whatever the browser would do with it.
      if (done) break;
      if (lane.waiting >= MOST_WAITING || lane.broken) {
        steps.overflowed(value);
        continue;
      }
      lane.waiting += 1;
      const passes = steps.pass(value).catch(() => false);
      written = written.then(async () => {
        try {
          if (await passes) await writer.write(value);
        } catch {
          breaks();
        } finally {
          lane.waiting -= 1;
        }
      });
    }
  } catch {
    breaks();
  }
  await written;
}
