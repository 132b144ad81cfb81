/** Log lines: JSON for collectors, text for people; secrets never. */
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogConfig } from '../../config/config.ts';
import type { Log } from '../ports.ts';
import { Scrubber } from './scrub.ts';
import { textLine } from './text-line.ts';

export interface Logbook {
  log: Log;
  /** From now on `secret` is removed from every line. */
  hide(secret: string): void;
}

/** Names that a line has anyway; a field of that name gets a `_` behind it. */
const OWN_NAMES = new Set(['level', 'time', 'msg']);

/** @param out where lines go, each with its newline; standard output otherwise, written at once so that none is lost */
export function openLogbook(config: LogConfig, out: DestinationStream = destination({ fd: 1, sync: true })): Logbook {
  const scrubber = new Scrubber();
  const logger = pino(
    {
      level: config.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: (error: unknown) => error },
    },
    config.format === 'json' ? out : { write: line => out.write(textLine(line)) },
  );
  return { log: new ScrubbedLog(logger, scrubber), hide: secret => scrubber.hide(secret) };
}

type Level = 'debug' | 'info' | 'warn' | 'error';

class ScrubbedLog implements Log {
  readonly #logger: Logger;
  readonly #scrubber: Scrubber;

  constructor(logger: Logger, scrubber: Scrubber) {
    this.#logger = logger;
    this.#scrubber = scrubber;
  }

  debug(fields: object, message: string): void {
    this.#write('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.#write('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#write('error', fields, message);
  }

  child(fields: object): Log {
    return new ScrubbedLog(this.#logger.child(this.#clean(fields)), this.#scrubber);
  }

  #write(level: Level, fields: object, message: string): void {
    // Cleaning costs; lines that nobody wants are not worth it.
    if (!this.#logger.isLevelEnabled(level)) return;
    // A "%s" of a stranger must stay what it is, so the message is a field too, and no format.
    this.#logger[level]({ ...this.#clean(fields), msg: this.#scrubber.text(String(message)) });
  }

  #clean(fields: object): Record<string, unknown> {
    const clean = this.#scrubber.fields(fields);
    return Object.fromEntries(
      Object.entries(clean).map(([name, value]) => [OWN_NAMES.has(name) ? `${name}_` : name, value]),
    );
  }
}
