import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

export interface Certificate {
  cert: Buffer;
  key: Buffer;
}

/** A certificate for an address, signed by itself. */
export async function selfSigned(address: string): Promise<Certificate> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-cert-'));
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  try {
    await promisify(execFile)(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'].concat([
        '-keyout',
        key,
        '-out',
        cert,
        '-subj',
        `/CN=${address}`,
        '-addext',
        `subjectAltName=IP:${address}`,
      ]),
      { timeout: 20_000 },
    );
    return { cert: await readFile(cert), key: await readFile(key) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** TLS on a port of its own, in front of a plain server: what a reverse proxy is to an operator. */
export class TlsFront {
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets: Set<Socket>;
  readonly baseUrl: string;

  private constructor(server: ReturnType<typeof createServer>, sockets: Set<Socket>, baseUrl: string) {
    this.#server = server;
    this.#sockets = sockets;
    this.baseUrl = baseUrl;
  }

  static async open(address: string, certificate: Certificate, target: string): Promise<TlsFront> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const server = createServer(certificate, outer => {
      const inner = connect(Number(port), hostname);
      for (const [socket, other] of [
        [outer, inner],
        [inner, outer],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
      }
      outer.pipe(inner).pipe(outer);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, address, resolve);
    });
    const { port: own } = server.address() as AddressInfo;
    return new TlsFront(server, sockets, `https://${address}:${own}`);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
