/** A TCP path to a port of this machine that a test can cut, hold, and make narrow. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export class CuttablePath {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What becomes of new connections: `open`, `refused` at once, or `silent`: taken, and nothing more. */
  #state: 'open' | 'refused' | 'silent' = 'open';
  /** Connections that were tried. */
  tried = 0;
  /** Bytes in a ms that get through to the port, of connections that come from now on. */
  narrowTo = Number.POSITIVE_INFINITY;

  private constructor(port: number) {
    this.#server = createServer(socket => {
      this.tried += 1;
      this.#own(socket);
      if (this.#state === 'refused') socket.resetAndDestroy();
      if (this.#state !== 'open') return;
      const onward = connect(port, '127.0.0.1');
      this.#own(onward);
      socket.pipe(narrow(this.narrowTo)).pipe(onward).pipe(socket);
      socket.on('close', () => onward.destroy());
      onward.on('close', () => socket.destroy());
    });
  }

  static async open(port: number): Promise<CuttablePath> {
    const path = new CuttablePath(port);
    await new Promise<void>(resolve => path.#server.listen(0, '127.0.0.1', resolve));
    return path;
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

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
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
