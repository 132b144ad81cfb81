/**
 * A relay between one client and one UDP server through a link model each way. To the server it looks like one client with one
 * port. It works on the event loop it is made in; relay.ts runs it in a thread of its own.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { Lateness, type LatenessReport } from './lateness.ts';
import { Link, type LinkTotals } from './link.ts';
import type { LinkSample } from './samples.ts';
import { checkScript, type LinkScript } from './script.ts';

export interface RelayOptions {
  /** The server that packets are relayed to. */
  target: { host: string; port: number };
  /** Client to server. */
  up: LinkScript;
  /** Server to client. */
  down: LinkScript;
  seed: number;
  /** Address to listen on for the client. Default: 127.0.0.1. */
  host?: string;
}

export interface DirectionReport {
  samples: LinkSample[];
  totals: LinkTotals;
}

export interface RelayReport {
  /** Clock zero of scripts and samples, ms since the epoch; null before start. */
  startedAt: number | null;
  up: DirectionReport;
  down: DirectionReport;
  /**
   * Since start: how late the relay itself was, on top of the model. 1 or 2 ms are usual; much more spoils a run.
   * Waiting in the kernel before the relay took a packet does not show, but a busy machine delays both.
   */
  latenessMs: LatenessReport;
  /** Failures to send or to receive, such as a server whose port is closed. */
  socketErrors: number;
  /** Packets of the server that came before any client was known. */
  unaddressed: number;
  /** What the kernel granted of SOCKET_BUFFER_BYTES to the smallest of the buffers. Linux shows twice what was asked for. */
  socketBufferBytes: number;
}

const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/** So that both directions of a relay have luck of their own. */
const DOWN_SEED = 0x9e3779b9;

interface Direction {
  link: Link<Uint8Array>;
  send: (packet: Uint8Array) => void;
}

export class UdpRelay {
  readonly host: string;
  readonly port: number;
  readonly #front: Socket;
  readonly #upstream: Socket;
  readonly #up: Direction;
  readonly #down: Direction;
  readonly #lateness = new Lateness();
  /** Whoever sent last: ICE may change ports. */
  #client: { address: string; port: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #startedAt: number | null = null;
  #socketErrors = 0;
  #unaddressed = 0;
  readonly #socketBufferBytes: number;
  #closing: Promise<void> | undefined;

  /** Rejects if a script makes no sense, or if the address cannot be listened on or the target not be resolved. */
  static async open(options: RelayOptions): Promise<UdpRelay> {
    const { target, host = '127.0.0.1' } = options;
    const up = new Link<Uint8Array>(options.up, options.seed);
    const down = new Link<Uint8Array>(options.down, options.seed ^ DOWN_SEED);
    const front = createSocket(socketOptions(host));
    const upstream = createSocket(socketOptions(target.host));
    try {
      front.bind(0, host);
      await once(front, 'listening');
      upstream.connect(target.port, target.host);
      await once(upstream, 'connect');
      return new UdpRelay(front, upstream, up, down);
    } catch (error) {
      front.close();
      upstream.close();
      throw error;
    }
  }

  private constructor(front: Socket, upstream: Socket, up: Link<Uint8Array>, down: Link<Uint8Array>) {
    const { address, port } = front.address();
    this.host = address;
    this.port = port;
    this.#front = front;
    this.#upstream = upstream;
    this.#socketBufferBytes = Math.min(
      ...[front, upstream].flatMap(socket => [socket.getRecvBufferSize(), socket.getSendBufferSize()]),
    );
    const onSent = (error: Error | null) => {
      if (error !== null) this.#socketErrors += 1;
    };
    this.#up = { link: up, send: packet => this.#upstream.send(packet, onSent) };
    this.#down = {
      link: down,
      send: packet => {
        if (this.#client !== undefined) this.#front.send(packet, this.#client.port, this.#client.address, onSent);
      },
    };
    for (const socket of [front, upstream]) socket.on('error', () => (this.#socketErrors += 1));
    front.on('message', (packet, { address, port }) => {
      // Nothing can be sent to port 0, and dgram throws if asked to.
      if (port !== 0) this.#client = { address, port };
      this.#take(this.#up, packet);
    });
    upstream.on('message', packet => {
      if (this.#client === undefined) this.#unaddressed += 1;
      else this.#take(this.#down, packet);
    });
  }

  /** Clock zero of both scripts, in ms since the epoch (now, or a little ago). Only the first call counts. */
  start(epochMs: number): void {
    if (this.#startedAt !== null) return;
    this.#startedAt = epochMs;
    const atMs = epochMs - performance.timeOrigin;
    this.#up.link.start(atMs);
    this.#down.link.start(atMs);
    this.#lateness.clear();
    this.#flush();
  }

  /** Other scripts from now on. Throws RangeError if one makes no sense; then both stay as they were. */
  setScripts(up: LinkScript, down: LinkScript): void {
    checkScript(up);
    checkScript(down);
    const nowMs = performance.now();
    this.#up.link.setScript(up, nowMs);
    this.#down.link.setScript(down, nowMs);
    this.#flush();
  }

  report(): RelayReport {
    const nowMs = performance.now();
    return {
      startedAt: this.#startedAt,
      up: { samples: this.#up.link.samples(nowMs), totals: this.#up.link.totals() },
      down: { samples: this.#down.link.samples(nowMs), totals: this.#down.link.totals() },
      latenessMs: this.#lateness.report(),
      socketErrors: this.#socketErrors,
      unaddressed: this.#unaddressed,
      socketBufferBytes: this.#socketBufferBytes,
    };
  }

  /** Packets inside are gone. Never rejects; a second call gives the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([closed(this.#front), closed(this.#upstream)]);
  }

  #take(direction: Direction, packet: Uint8Array): void {
    direction.link.offer(packet, performance.now());
    this.#flush();
  }

  /** Sends what is due, and sees to it that the next packet is sent in time. */
  #flush(): void {
    if (this.#closing !== undefined) return;
    for (const { link, send } of [this.#up, this.#down]) {
      for (const { packet, atMs } of link.due(performance.now())) {
        this.#lateness.add(performance.now() - atMs);
        send(packet);
      }
    }
    this.#arm();
  }

  #arm(): void {
    const nextAt = Math.min(this.#up.link.nextAt() ?? Infinity, this.#down.link.nextAt() ?? Infinity);
    if (nextAt === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = nextAt;
    if (nextAt === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Infinity;
        this.#flush();
      },
      // Timers go by whole ms: rounded up, one wake is enough.
      Math.max(1, Math.ceil(nextAt - performance.now())),
    );
  }
}

function socketOptions(host: string) {
  return {
    type: isIPv6(host) ? ('udp6' as const) : ('udp4' as const),
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
  };
}

function closed(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.close(resolve);
  });
}
