/** Participants in a process of their own. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Share, ShareCommand, ShareReport, ShareSample } from './messages.ts';
import { SampleBuffer } from './sample-buffer.ts';

const ENDS_WITHIN_MS = 12_000;

export class ProcessShare implements Share {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #samples = new SampleBuffer();
  #isStopping = false;
  #lost: string | undefined;

  /** @param engine binary of the native peers, where those are wanted */
  constructor(tell: (trouble: string) => void, engine = '') {
    this.#child = fork(fileURLToPath(new URL('process.ts', import.meta.url)), [engine], {
      execArgv: [],
      // A group of its own: Ctrl-C on the terminal reaches whoever leads, who lets all of them leave in order.
      detached: true,
    });
    this.#child.on('message', message => {
      const report = message as ShareReport;
      switch (report.kind) {
        case 'sample':
          this.#samples.add(report.sample);
          break;
        case 'trouble':
          tell(report.message);
          break;
      }
    });
    this.#exited = new Promise(resolve => {
      this.#child.once('exit', (code, signal) => {
        if (!this.#isStopping) this.#lost = `a process of participants ended by itself (${signal ?? code})`;
        resolve();
      });
      this.#child.once('error', error => {
        this.#lost = `a process of participants: ${error.message}`;
        resolve();
      });
    });
  }

  pid(): number | undefined {
    return this.#child.pid;
  }

  say(command: ShareCommand): void {
    if (this.#child.connected) this.#child.send(command);
  }

  get lost(): string | undefined {
    return this.#lost;
  }

  take(): ShareSample {
    return this.#samples.take();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.say({ kind: 'stop' });
    const late = setTimeout(() => this.#child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await this.#exited;
    clearTimeout(late);
  }
}
