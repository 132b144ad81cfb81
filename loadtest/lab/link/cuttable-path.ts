/** A TCP path that can be cut, held, and made narrow, as by a proxy that both ends talk through. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface Address {
  host: string;
  port: number;
}

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 };

export class CuttablePath implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What becomes of new connections: `open`, `refused` at once, or `silent`: taken, and nothing more. */
  #state: 'open' | 'refused' | 'silent' = 'open';
  /** Connections that were tried. */
  tried = 0;
  /** Bytes in a ms that get through to the port, of connections that come from now on. */
  narrowTo = Number.POSITIVE_INFINITY;

  /** Rejects where it cannot listen. */
  static async open(target: Address, at = ANY_PORT): Promise<CuttablePath> {
    const path = new CuttablePath(target);
    const listening = Promise.withResolvers<void>();
    path.#server.once('error', listening.reject);
    path.#server.listen(at.port, at.host, listening.resolve);
    await listening.promise;
    return path;
  }

  private constructor(target: Address) {
    this.#server = createServer(socket => {
      this.tried += 1;
      this.#own(socket);
      if (this.#state === 'refused') socket.resetAndDestroy();
      if (this.#state !== 'open') return;
      const onward = connect(target.port, target.host);
      this.#own(onward);
      const onWay = Number.isFinite(this.narrowTo) ? socket.pipe(narrow(this.narrowTo)) : socket;
      onWay.pipe(onward).pipe(socket);
      socket.on('close', () => onward.destroy());
      onward.on('close', () => socket.destroy());
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, and lets none through until `heal`. */
  cut(): void {
    this.#state = 'refused';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Nothing gets through any more, and nobody is told. */
  freeze(): void {
    this.#state = 'silent';
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  heal(): void {
    this.#state = 'open';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    // Says itself that it is closed.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** Lets so many bytes in a ms through, and holds up the rest. */
function narrow(bytesPerMs: number): Transform {
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      setTimeout(() => done(null, chunk), chunk.length / bytesPerMs);
    },
  });
}
