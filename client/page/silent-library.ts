/** matrix-js-sdk logs more than a console can hold, and what nobody else should read. */
import { type Logger, logger } from 'matrix-js-sdk/lib/logger.js';

const nothing = (): void => undefined;

export const SILENT: Logger = {
  getChild: () => SILENT,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** It logs by one logger for all beside those that it is given (loglevel). */
export function silenceLibrary(): void {
  Reflect.set(logger, 'methodFactory', () => nothing);
  if (hasLevel(logger)) logger.setLevel('silent', false);
}

function hasLevel(inner: object): inner is { setLevel(level: string, persist: boolean): void } {
  return 'setLevel' in inner && typeof inner.setLevel === 'function';
}
