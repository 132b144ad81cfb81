/** What the check does, on stderr: stdout belongs to its result. */
export class Progress {
  readonly #started = performance.now();
  #phase = '';

  phase(name: string): void {
    this.#phase = name;
    this.#write(`${name} …`);
  }

  tell(text: string): void {
    this.#write(`${this.#phase}: ${text}`);
  }

  /** Something missed its bound, or did not work. */
  complain(text: string): void {
    this.#write(`✖ ${text}`);
  }

  #write(text: string): void {
    const elapsed = ((performance.now() - this.#started) / 1_000).toFixed(1).padStart(6);
    process.stderr.write(`[${elapsed} s] ${text}\n`);
  }
}
