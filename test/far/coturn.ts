/** A TURN server for tests: Debian's coturn, as an operator would run it beside Synapse. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../../demo/free-port.ts';
import { OwnedProcess } from '../../demo/owned-process.ts';

const STARTS_WITHIN_MS = 20_000;

export class Coturn {
  readonly #process: OwnedProcess;
  readonly address: string;
  readonly port: number;
  /** From which Synapse makes passwords. */
  readonly sharedSecret: string;

  private constructor(owned: OwnedProcess, address: string, port: number, sharedSecret: string) {
    this.#process = owned;
    this.address = address;
    this.port = port;
    this.sharedSecret = sharedSecret;
  }

  /** Listens on one port for UDP and TCP; relays from the same address. The caller removes the folder. */
  static async start(directory: string, address: string): Promise<Coturn> {
    await mkdir(directory, { recursive: true });
    const port = await findFreePort(address, 0);
    const sharedSecret = randomBytes(24).toString('hex');
    const file = join(directory, 'turnserver.conf');
    const settings = [
      `listening-ip=${address}`,
      `listening-port=${port}`,
      `relay-ip=${address}`,
      'use-auth-secret',
      `static-auth-secret=${sharedSecret}`,
      'realm=test',
      'no-cli',
      'no-tls',
      'no-dtls',
      'log-file=stdout',
      'simple-log',
      `pidfile=${join(directory, 'turnserver.pid')}`,
      `userdb=${join(directory, 'turndb')}`,
    ];
    await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o600 });
    const owned = await OwnedProcess.start({
      name: 'coturn',
      command: '/usr/bin/turnserver',
      args: ['-c', file],
      logFile: join(directory, 'turnserver.log'),
    });
    try {
      await untilTaken(owned, address, port);
    } catch (thrown) {
      await owned.kill();
      throw thrown;
    }
    return new Coturn(owned, address, port, sharedSecret);
  }

  /** For homeserver.yaml. */
  synapseConfig(): Record<string, unknown> {
    const at = `turn:${this.address}:${this.port}`;
    return {
      turn_uris: [`${at}?transport=udp`, `${at}?transport=tcp`],
      turn_shared_secret: this.sharedSecret,
      turn_user_lifetime: '1h',
    };
  }

  log(): Promise<string> {
    return this.#process.logTail();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.stop();
  }
}

async function untilTaken(owned: OwnedProcess, address: string, port: number): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN_MS;
  for (;;) {
    if (owned.ended() !== undefined) throw new Error(`coturn ended: ${await owned.logTail()}`);
    const taken = await new Promise<boolean>(resolve => {
      const socket = connect(port, address);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (taken) return;
    if (performance.now() > deadline) throw new Error(`coturn does not listen: ${await owned.logTail()}`);
    await delay(50);
  }
}
