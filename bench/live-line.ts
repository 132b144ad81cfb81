/** What a bench does, on stderr: stdout belongs to its result. One line changes in place, where there is a terminal. */
const TELLS_EVERY_MS = 5_000;

export class LiveLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #started = performance.now();
  #heading = '';
  #shown = false;
  #toldAt = -TELLS_EVERY_MS;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** What the next lines are about: "steps (1 of 13)". */
  head(heading: string): void {
    this.#heading = heading;
    this.#toldAt = -TELLS_EVERY_MS;
  }

  /** A line that stays. */
  tell(text: string): void {
    this.#clear();
    this.#stream.write(`${this.#clock()} ${text}\n`);
  }

  step(text: string): void {
    this.tell(`${this.#heading}: ${text}`);
  }

  /** A line that the next one replaces; without a terminal, one every few seconds. */
  live(text: string): void {
    const line = `${this.#clock()} ${this.#heading}: ${text}`;
    if (this.#stream.isTTY) {
      this.#clear();
      this.#stream.write(line.slice(0, Math.max(20, this.#stream.columns - 1)));
      this.#shown = true;
      return;
    }
    const now = performance.now();
    if (now - this.#toldAt < TELLS_EVERY_MS) return;
    this.#toldAt = now;
    this.#stream.write(`${line}\n`);
  }

  #clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }

  #clock(): string {
    return `[${((performance.now() - this.#started) / 1_000).toFixed(0).padStart(4)} s]`;
  }
}
