import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Address {
  host: string;
  port: number;
}

/** A TCP way to the focus that is dialled, which a part can cut: both ends are told at once, as by a proxy that starts again. */
export class WebSocketPath implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  /** Rejects where it cannot listen. */
  static async open(at: Address, target: Address): Promise<WebSocketPath> {
    const path = new WebSocketPath(target);
    const listening = Promise.withResolvers<void>();
    path.#server.once('error', listening.reject);
    path.#server.listen(at.port, at.host, listening.resolve);
    await listening.promise;
    return path;
  }

  private constructor(target: Address) {
    this.#server = createServer(socket => {
      this.#own(socket);
      if (this.#isCut) {
        socket.resetAndDestroy();
        return;
      }
      const onward = connect(target.port, target.host);
      this.#own(onward);
      socket.pipe(onward).pipe(socket);
      socket.on('close', () => onward.destroy());
      onward.on('close', () => socket.destroy());
    });
  }

  /** Ends all connections, and lets none through until `heal`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  heal(): void {
    this.#isCut = false;
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
