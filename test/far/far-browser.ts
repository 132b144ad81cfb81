import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FarHost } from '../../demo/far-host.ts';
import type { PageReport } from '../../demo/check/page-report.ts';

const ENDS_WITHIN_MS = 15_000;

/** A browser on the far host, in the call of a link. */
export class FarBrowser {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<unknown>;
  #latest: PageReport | undefined;
  #failure: string | undefined;
  #stderr = '';

  constructor(host: FarHost, kind: 'firefox' | 'chromium', link: string) {
    const [command = 'ip', ...args] = [
      ...host.prefix,
      process.execPath,
      join(import.meta.dirname, 'browser-main.ts'),
      kind,
      link,
    ];
    // A group of its own, so that the browser ends with it whatever happens.
    this.#process = spawn(command, args, { detached: true });
    this.#exited = once(this.#process, 'exit');
    createInterface({ input: this.#process.stdout }).on('line', line => this.#take(line));
    this.#process.stderr.on('data', (data: Buffer) => {
      this.#stderr = `${this.#stderr}${data.toString()}`.slice(-2_000);
    });
  }

  /** The latest report. Throws where the browser or its page failed. */
  get report(): PageReport | undefined {
    if (this.#failure !== undefined) throw new Error(`the far browser failed: ${this.#failure}`);
    if (this.#process.exitCode !== null) throw new Error(`the far browser ended: ${this.#stderr}`);
    return this.#latest;
  }

  /** The end of what it complained about, for messages. */
  get complaints(): string {
    return this.#stderr;
  }

  command(word: 'share' | 'unshare'): void {
    this.#process.stdin.write(`${word}\n`);
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    const { pid } = this.#process;
    const late = setTimeout(() => {
      if (pid !== undefined && this.#process.exitCode === null) process.kill(-pid, 'SIGKILL');
    }, ENDS_WITHIN_MS);
    await this.#exited;
    clearTimeout(late);
  }

  #take(line: string): void {
    const said = JSON.parse(line) as PageReport | { kind: 'failed'; message: string };
    if (said.kind === 'failed') this.#failure = said.message;
    else this.#latest = said;
  }
}
