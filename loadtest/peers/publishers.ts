/** Many peers that publish, in a process of their own: their packets wait for nothing that the test does. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CallRoom, FocusDevice, MatrixDevice } from './call-place.ts';
import type { TrackIds } from './endpoint.ts';
import type { SentFigures } from './media-source.ts';
import type { Media } from './datachannel-endpoint.ts';
import type { Subscribe } from './subscriptions.ts';
import type { Address } from './via-relay.ts';

const ENDS_WITHIN_MS = 10_000;

/** The publishers of one process, all in one call. */
export interface PublishersOptions {
  baseUrl: string;
  users: readonly MatrixDevice[];
  room: CallRoom;
  focus: FocusDevice;
  /** Recorded unless given. */
  media?: Media;
  /** Nothing unless given. */
  subscribe?: Subscribe;
  /** Send those layers alone that the focus wants; true unless given. */
  obeyLayersWanted?: boolean;
  /** Reach the focus through it. */
  relay?: Address;
  bindAddress?: string;
  /** Between the invites of one and the next, in ms; 0 unless given. */
  joinEveryMs?: number;
  /** Between two reports, in ms; 500 unless given. */
  reportEveryMs?: number;
}

/** How a publisher fares. */
export interface PublisherStatus {
  userId: string;
  /** Of its camera and microphone. */
  streamId: string;
  /** Its microphone, then its camera. */
  tracks: TrackIds[];
  connected: boolean;
  sent: SentFigures;
  /** RTP packets. */
  received: number;
  /** Code or reason of the focus's hangup. */
  hangup: string | undefined;
  /** Of the focus and of itself; the last few. */
  errors: string[];
}

/** What the process is asked to do; `publisher` is an index into the users. */
export type PublishersCommand =
  | { kind: 'start'; options: PublishersOptions }
  /** Which layers of its camera it sends, lowest first. */
  | { kind: 'layers'; publisher: number; active: boolean[] }
  | { kind: 'mute'; publisher: number; what: 'audio' | 'video'; muted: boolean }
  /** Asks for the floor, and goes on asking. */
  | { kind: 'press'; publisher: number }
  /** Hangs up. */
  | { kind: 'leave'; publisher: number }
  /** Goes without a word. */
  | { kind: 'vanish'; publisher: number }
  /** All hang up, and the process ends. */
  | { kind: 'stop' };

export type PublishersReport =
  | { kind: 'status'; publishers: PublisherStatus[] }
  /** All have sent their invites. */
  | { kind: 'joined' }
  | { kind: 'failed'; message: string };

/** The near side of such a process. */
export class Publishers {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** As reported last; empty before. */
  status: PublisherStatus[] = [];
  /** What failed there. */
  readonly failures: string[] = [];
  /** Resolves when all have sent their invites; rejects where they cannot, or the process ends before. */
  readonly joined: Promise<void>;

  static start(options: PublishersOptions): Publishers {
    const program = fileURLToPath(new URL('publishers-process.ts', import.meta.url));
    return new Publishers(fork(program, { execArgv: [] }), options);
  }

  private constructor(child: ChildProcess, options: PublishersOptions) {
    this.#child = child;
    this.#exited = new Promise(resolve => child.once('exit', () => resolve()));
    this.joined = new Promise((resolve, reject) => {
      child.on('message', message => {
        const report = message as PublishersReport;
        switch (report.kind) {
          case 'status':
            this.status = report.publishers;
            break;
          case 'joined':
            resolve();
            break;
          case 'failed':
            this.failures.push(report.message);
            reject(new Error(report.message));
            break;
        }
      });
      child.once('exit', () => reject(new Error('the publishers ended')));
    });
    // Whoever wants to know awaits it.
    this.joined.catch(() => undefined);
    this.#say({ kind: 'start', options });
  }

  /** Of its process, for figures; undefined where it did not start. */
  pid(): number | undefined {
    return this.#child.pid;
  }

  setLayers(publisher: number, active: readonly boolean[]): void {
    this.#say({ kind: 'layers', publisher, active: [...active] });
  }

  mute(publisher: number, what: 'audio' | 'video', muted: boolean): void {
    this.#say({ kind: 'mute', publisher, what, muted });
  }

  press(publisher: number): void {
    this.#say({ kind: 'press', publisher });
  }

  leave(publisher: number): void {
    this.#say({ kind: 'leave', publisher });
  }

  vanish(publisher: number): void {
    this.#say({ kind: 'vanish', publisher });
  }

  /** Freezes the process where it stands, and lets it go on. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the process where it stands: its sockets stop, without a word. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Lets all hang up; resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#say({ kind: 'stop' });
    const late = setTimeout(() => this.#child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await this.#exited;
    clearTimeout(late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #say(command: PublishersCommand): void {
    if (this.#child.connected) this.#child.send(command);
  }
}
