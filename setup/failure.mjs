/** Something that a person has to act on: what went wrong, and what to do about it. */
export class Failure extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} remedy what to do about it
   * @param {ErrorOptions} [options]
   */
  constructor(message, remedy, options) {
    super(message, options);
    this.name = 'Failure';
    this.remedy = remedy;
  }
}

/**
 * As a person reads it: the stack is of use only where nobody foresaw the error.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function describeFailure(error) {
  if (!(error instanceof Failure)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error.cause instanceof Error ? `\n  (${error.cause.message})` : '';
  return `${error.message}${cause}\n→ ${error.remedy}`;
}
