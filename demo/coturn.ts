/** A TURN server: Debian's coturn, as an operator would run it beside Synapse. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import { OwnedProcess } from './owned-process.ts';

const STARTS_WITHIN_MS = 20_000;

/** A running TURN server. Listens on one port for UDP and TCP; relays from the same address. */
export class Coturn {
  readonly address: string;
  readonly port: number;
  /** From which Synapse makes passwords. */
  readonly sharedSecret: string;
  readonly #launch: () => Promise<OwnedProcess>;
  #process: OwnedProcess;

  private constructor(place: Place, launch: () => Promise<OwnedProcess>, owned: OwnedProcess) {
    this.address = place.address;
    this.port = place.port;
    this.sharedSecret = place.sharedSecret;
    this.#launch = launch;
    this.#process = owned;
  }

  /** `directory`: of its settings and log; made when missing. The caller removes it. */
  static async start(directory: string, address: string): Promise<Coturn> {
    await mkdir(directory, { recursive: true });
    const place = {
      address,
      port: await findFreePort(address, 0),
      sharedSecret: randomBytes(24).toString('hex'),
    };
    const file = join(directory, 'turnserver.conf');
    await writeFile(file, `${settings(place, directory).join('\n')}\n`, { mode: 0o600 });
    const launch = async (): Promise<OwnedProcess> => {
      const owned = await OwnedProcess.start({
        name: 'coturn',
        command: '/usr/bin/turnserver',
        args: ['-c', file],
        logFile: join(directory, 'turnserver.log'),
      });
      try {
        await untilTaken(owned, place);
        return owned;
      } catch (thrown) {
        await owned.kill();
        throw thrown;
      }
    };
    return new Coturn(place, launch, await launch());
  }

  /** For homeserver.yaml. `passwordsHold`: how long, as Synapse writes durations. */
  synapseConfig(passwordsHold = '1h'): Record<string, unknown> {
    const at = `turn:${this.address}:${this.port}`;
    return {
      turn_uris: [`${at}?transport=udp`, `${at}?transport=tcp`],
      turn_shared_secret: this.sharedSecret,
      turn_user_lifetime: passwordsHold,
    };
  }

  /** Starts it again at the same place: whatever it relayed is forgotten. */
  async restart(): Promise<void> {
    await this.#process.stop();
    this.#process = await this.#launch();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.stop();
  }
}

interface Place {
  address: string;
  port: number;
  sharedSecret: string;
}

/** turnserver.conf, a line each. */
function settings({ address, port, sharedSecret }: Place, directory: string): string[] {
  return [
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
}

async function untilTaken(owned: OwnedProcess, { address, port }: Place): Promise<void> {
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
