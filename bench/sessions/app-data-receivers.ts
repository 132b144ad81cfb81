/** The receivers, in a process of their own: what measures must not be what is slow. Near side of app-data-receivers-process.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MatrixDevice } from '../../loadtest/peers/call-place.ts';
import type { ReceivedData } from './app-data-figures.ts';
import type { DataPlace } from './app-data-peer.ts';

const ENDS_WITHIN_MS = 10_000;

export interface ReceiversOptions extends DataPlace {
  users: readonly MatrixDevice[];
  /** How many of them also listen to who sends too much. */
  watchers: number;
}

export type ReceiversCommand = { kind: 'start'; options: ReceiversOptions } | { kind: 'tell' } | { kind: 'stop' };

export type ReceiversReport =
  /** On how many channels of each label something came so far. */
  | { kind: 'heard'; counts: Record<string, number>; failure: string | undefined }
  | { kind: 'received'; received: ReceivedData[] }
  | { kind: 'failed'; message: string };

export class Receivers implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #counts: Record<string, number> = {};
  #received = Promise.withResolvers<ReceivedData[]>();
  /** Why they are not all in the call. */
  failure: string | undefined;

  constructor(options: ReceiversOptions) {
    const program = fileURLToPath(new URL('app-data-receivers-process.ts', import.meta.url));
    this.#child = fork(program, { execArgv: [] });
    this.#exited = new Promise(resolve => this.#child.once('exit', () => resolve()));
    this.#received.promise.catch(() => undefined);
    this.#child.on('message', message => this.#take(message as ReceiversReport));
    this.#child.once('exit', () => {
      this.failure ??= 'the receivers ended';
      this.#received.reject(new Error(this.failure));
    });
    this.#say({ kind: 'start', options });
  }

  /** On how many channels of a label something came. */
  heardOn(label: string): number {
    return this.#counts[label] ?? 0;
  }

  /** All that came so far. Rejects where the process is gone. */
  received(): Promise<ReceivedData[]> {
    this.#say({ kind: 'tell' });
    return this.#received.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#say({ kind: 'stop' });
    const late = setTimeout(() => this.#child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await this.#exited;
    clearTimeout(late);
  }

  #take(report: ReceiversReport): void {
    switch (report.kind) {
      case 'heard':
        this.#counts = report.counts;
        this.failure ??= report.failure;
        return;
      case 'received':
        return this.#received.resolve(report.received);
      case 'failed':
        this.failure ??= report.message;
    }
  }

  #say(command: ReceiversCommand): void {
    if (this.#child.connected) this.#child.send(command);
  }
}
