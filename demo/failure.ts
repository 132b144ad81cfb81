/** Something that a person has to act on: what went wrong, and what to do about it. */
export class Failure extends Error {
  override name = 'Failure';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}
