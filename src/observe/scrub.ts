/**
 * Takes secrets out of what is about to be logged: by the name of a field, by the look of a text, and by value for the
 * secrets that this process knows. Whatever comes in, plain bounded JSON comes out, and nothing is thrown.
 */

const REMOVED = '[removed]';
const SECRET_FIELD =
  /token|passw|passphrase|secret|authorization|cookie|credential|ice.?pwd|ufrag|^pwd$|private.?key|sdp$|candidate|^content$|^body$|^payload$|^offer$|^answer$/i;

/** What may stand behind `password=`: quoted as in JSON inside of JSON, quoted, quoted without an end, or plain. */
const VALUE = String.raw`(?:\\{1,2}"[^"]*"|"(?:[^"\\]|\\.)*"|'[^']*'|\\{0,2}["'][\s\S]*$|[^\s&,;}"']+)`;
const SECRET_TEXTS: readonly [RegExp, string][] = [
  // A session description ends the text: everything behind its first line may belong to it.
  [/v=0(?:\r|\n|\\r|\\n)[\s\S]*/g, '[sdp removed]'],
  [/(ice-pwd|ice-ufrag)\s*:\s*\S+/gi, `$1:${REMOVED}`],
  [/\b(ufrag)\s+\S+/gi, `$1 ${REMOVED}`],
  [
    new RegExp(
      String.raw`([\w-]*(?:token|passw(?:or)?d|pwd|secret|authorization))(\\{0,2}["'])?(\s*[=:]\s*)(?:(?:bearer|basic)\s+)?${VALUE}`,
      'gi',
    ),
    `$1$2$3${REMOVED}`,
  ],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REMOVED}`],
  // Tokens as Synapse and the Matrix Authentication Service make them.
  [/\b(?:syt|syl|syr|mat|mcr|mct|mlt)_[\w-]{8,}/g, REMOVED],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${REMOVED}@`],
];

const MAX_TEXT = 2_000;
const MAX_STACK = 4_000;
const MAX_DEPTH = 6;
const MAX_ENTRIES = 50;
const MAX_VALUES = 500;
/** What is looked at of a longer text; it is much more than is kept, so that no secret is cut in two unseen. */
const LOOK_AT = 20_000;

export class Scrubber {
  readonly #known = new Set<string>();

  /** From now on `secret` is removed wherever it stands. Texts of under 6 characters would tear holes everywhere. */
  hide(secret: string): void {
    if (secret.length >= 6) this.#known.add(secret);
  }

  text(text: string, max: number = MAX_TEXT): string {
    let clean = text.length > LOOK_AT ? text.slice(0, LOOK_AT) : text;
    for (const secret of this.#known) clean = clean.replaceAll(secret, REMOVED);
    for (const [pattern, replacement] of SECRET_TEXTS) clean = clean.replace(pattern, replacement);
    // The end of what was looked at may hold half a secret.
    if (text.length > LOOK_AT) clean = clean.slice(0, -Math.min(clean.length, 1_000));
    return clean.length > max ? `${clean.slice(0, max)}… (${text.length} characters)` : clean;
  }

  /** The fields of a log line. */
  fields(fields: object): Record<string, unknown> {
    const budget = { values: MAX_VALUES };
    const clean = this.#value(fields, 0, budget, new Set());
    return isRecord(clean) ? clean : { value: clean };
  }

  #value(value: unknown, depth: number, budget: { values: number }, above: Set<object>): unknown {
    if (budget.values-- <= 0) return '[more]';
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
      case 'undefined':
        return value;
      case 'bigint':
        return value.toString();
      case 'symbol':
      case 'function':
        return `[${typeof value}]`;
      case 'object': {
        if (value === null) return null;
        if (above.has(value)) return '[circle]';
        if (depth >= MAX_DEPTH) return '[deep]';
        above.add(value);
        try {
          return this.#object(value, depth, budget, above);
        } catch {
          return '[unreadable]';
        } finally {
          above.delete(value);
        }
      }
    }
  }

  #object(value: object, depth: number, budget: { values: number }, above: Set<object>): unknown {
    if (value instanceof Error) return this.#error(value, depth, budget, above);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[no date]' : value.toISOString();
    // Bytes are message bodies or keys, if anything.
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`;
    if (value instanceof URL) return this.text(value.href);
    if (Array.isArray(value)) {
      const items: unknown[] = value.slice(0, MAX_ENTRIES);
      const clean = items.map(item => this.#value(item, depth + 1, budget, above));
      return value.length > MAX_ENTRIES ? [...clean, `[${value.length - MAX_ENTRIES} more]`] : clean;
    }
    const toJSON: unknown = Reflect.get(value, 'toJSON');
    if (typeof toJSON === 'function') {
      const json: unknown = Reflect.apply(toJSON, value, []);
      // Once only: it could answer with another of its kind for ever.
      return typeof json === 'object' && json !== null
        ? this.#record(json, depth, budget, above)
        : this.#value(json, depth, budget, above);
    }
    return this.#record(value, depth, budget, above);
  }

  #record(value: object, depth: number, budget: { values: number }, above: Set<object>): Record<string, unknown> {
    const clean: Record<string, unknown> = {};
    for (const name of Object.keys(value).slice(0, MAX_ENTRIES)) {
      const shown = this.text(name, 64);
      if (SECRET_FIELD.test(name)) clean[shown] = REMOVED;
      else clean[shown] = this.#read(value, name, depth, budget, above);
    }
    return clean;
  }

  #read(value: object, name: string, depth: number, budget: { values: number }, above: Set<object>): unknown {
    try {
      return this.#value(Reflect.get(value, name), depth + 1, budget, above);
    } catch {
      return '[unreadable]';
    }
  }

  /** Name, code, message, stack and cause; an error's other properties are requests and answers more often than not. */
  #error(error: Error, depth: number, budget: { values: number }, above: Set<object>): Record<string, unknown> {
    const code: unknown = Reflect.get(error, 'code');
    return {
      name: this.text(String(error.name), 64),
      ...(typeof code === 'string' || typeof code === 'number' ? { code: this.text(String(code), 64) } : {}),
      message: this.text(String(error.message)),
      ...(typeof error.stack === 'string' ? { stack: this.text(error.stack, MAX_STACK) } : {}),
      ...(error.cause === undefined ? {} : { cause: this.#value(error.cause, depth + 1, budget, above) }),
    };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
