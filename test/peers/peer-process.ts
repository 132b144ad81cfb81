/** A light peer in a process of its own, so that it can be frozen and killed as a page can. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LightPeer, type LightPeerOptions } from '../../loadtest/peers/light-peer.ts';

const STATUS_EVERY_MS = 100;

/** What the process tells of its peer. */
export interface PeerStatus {
  streamId: string;
  packets: number;
  connected: boolean;
  /** Code of the focus's hangup. */
  hangup: string | undefined;
}

/** The part of LightPeerOptions that can be told to another process. */
export type RemotePeerOptions = Omit<LightPeerOptions, 'endpoint'>;

/** The other side of such a process. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  status: PeerStatus | undefined;

  static start(options: RemotePeerOptions): PeerProcess {
    return new PeerProcess(fork(fileURLToPath(import.meta.url), { execArgv: [] }), options);
  }

  private constructor(child: ChildProcess, options: RemotePeerOptions) {
    this.#child = child;
    this.#exited = new Promise(resolve => child.once('exit', () => resolve()));
    child.on('message', message => {
      this.status = message as PeerStatus;
    });
    child.send(options);
  }

  /** Stops the process where it stands: its sockets stay open and say nothing. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

async function serve(options: RemotePeerOptions): Promise<void> {
  const peer = await new LightPeer(options).join();
  setInterval(() => {
    const status: PeerStatus = {
      streamId: peer.streamId,
      packets: peer.receivedInAll(),
      connected: peer.isConnected(),
      hangup: peer.hangup?.code,
    };
    process.send?.(status);
  }, STATUS_EVERY_MS);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', message => {
    serve(message as RemotePeerOptions).catch((error: unknown) => {
      process.stderr.write(`peer: ${String(error)}\n`);
      process.exit(1);
    });
  });
  // Whoever started it is gone.
  process.once('disconnect', () => process.exit(0));
}
