/** Aborts when somebody wants us to end: Ctrl-C, a signal, or the end of the process that started us. */
export function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted.abort(new Interrupted(signal));
    });
  }
  if (process.connected) {
    process.once('disconnect', () => {
      interrupted.abort(new Interrupted('SIGHUP'));
    });
    // Listening to the parent alone is no reason to stay.
    process.channel?.unref();
  }
  return interrupted.signal;
}

/** Why the signal of untilInterrupted aborted. */
export class Interrupted extends Error {
  override name = 'Interrupted';

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}.`);
  }
}

/** As shells count: 128 and the number of SIGINT. */
export const INTERRUPTED_EXIT_CODE = 130;
