/** The least that this machine needs to forward a packet: floor.c, compiled once for each run of the bench. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../../../setup/failure.mjs';

const COMPILES_WITHIN_MS = 60_000;
const GRACE_MS = 10_000;

/** Packets with the CPU time that the sending thread took for them. */
export interface FloorRound {
  sent: number;
  delivered: number;
  cpuNs: number;
}

export interface FloorLoad {
  receivers: number;
  /** Sizes of the packets of each burst, in bytes of RTP; they come in turn. */
  bursts: readonly (readonly number[])[];
  burstsPerSecond: number;
  seconds: number;
}

export class Floor {
  readonly #program: string;

  /** Compiles into `folder`. Rejects with a Failure where that does not work. */
  static async build(folder: string): Promise<Floor> {
    const program = join(folder, 'floor');
    const source = join(import.meta.dirname, 'floor.c');
    try {
      await promisify(execFile)('cc', ['-O2', '-o', program, source, '-lcrypto', '-lpthread'], {
        timeout: COMPILES_WITHIN_MS,
      });
    } catch (cause) {
      throw new Failure('The floor cannot be compiled.', 'Install gcc and libssl-dev.', { cause });
    }
    return new Floor(program);
  }

  private constructor(program: string) {
    this.#program = program;
  }

  /** @param gso packets of one burst to one address leave together, as far as their sizes allow (UDP_SEGMENT) */
  async run(load: FloorLoad, gso: boolean, signal: AbortSignal): Promise<FloorRound> {
    const { receivers, bursts, burstsPerSecond, seconds } = load;
    const sizes = bursts.map(burst => burst.join(',')).join('/');
    const args = [String(receivers), String(burstsPerSecond), String(seconds), gso ? '1' : '0', sizes];
    const { stdout } = await promisify(execFile)(this.#program, args, { timeout: seconds * 1_000 + GRACE_MS, signal });
    const told: unknown = JSON.parse(stdout);
    const [sent, delivered, cpuNs] = ['sent', 'delivered', 'cpu_ns'].map(name =>
      Number(Reflect.get(Object(told), name)),
    );
    if (sent === undefined || delivered === undefined || cpuNs === undefined || !(sent > 0))
      throw new Error(`the floor told ${stdout}`);
    return { sent, delivered, cpuNs };
  }
}
