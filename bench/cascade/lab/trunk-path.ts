import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const tc = (...args: string[]) => run('tc', args, { timeout: 10_000 });
const DEVICE = ['dev', 'lo'];
/** As good as none. */
const UNBOUNDED = { rate: '10gbit', burst: '1m' };
/** One packet: what leaves is never ahead of the rate. */
const ONE_PACKET = '1600';
/** Each way of the trunk is a class of its own. */
const WAYS = ['1:1', '1:2'] as const;

/** Two addresses of this network between which packets are shaped, both ways alike. */
export type AddressPair = readonly [string, string];

/**
 * The way between two sites of one loopback: HTB for what goes between certain addresses, and nothing for all the rest. For a network
 * namespace of one's own, which takes it along when it ends.
 */
export class TrunkPath {
  /** @param pairs each names the addresses of both ends: one for media, one for the WebSocket; '0.0.0.0/0' stands for any */
  static async lay(pairs: readonly AddressPair[]): Promise<TrunkPath> {
    await tc('qdisc', 'add', ...DEVICE, 'root', 'handle', '1:', 'htb', 'default', '10');
    await tc('class', 'add', ...DEVICE, 'parent', '1:', 'classid', '1:10', ...shapeOf(UNBOUNDED));
    for (const way of WAYS) await tc('class', 'add', ...DEVICE, 'parent', '1:', 'classid', way, ...shapeOf(UNBOUNDED));
    for (const [one, other] of pairs) {
      await steer(one, other, WAYS[0]);
      await steer(other, one, WAYS[1]);
    }
    const path = new TrunkPath();
    await path.mend();
    return path;
  }

  /** From now on so many bit/s pass each way, IP headers included; the queue holds what passes in `queueMs`, and drops what comes then. */
  async narrow(bps: number, queueMs: number): Promise<void> {
    await this.#shape({ rate: `${bps}bit`, burst: ONE_PACKET });
    await this.#queue('bfifo', 'limit', String(Math.ceil((bps * queueMs) / 8_000)));
  }

  /** From now on nothing passes, and nobody is told: as where a router between the sites died. */
  cut(): Promise<void> {
    return this.#queue('pfifo', 'limit', '0');
  }

  /** From now on all passes. */
  async mend(): Promise<void> {
    await this.#queue('pfifo', 'limit', '1000');
    await this.#shape(UNBOUNDED);
  }

  async #shape(shape: typeof UNBOUNDED): Promise<void> {
    for (const way of WAYS) await tc('class', 'change', ...DEVICE, 'parent', '1:', 'classid', way, ...shapeOf(shape));
  }

  async #queue(...queue: string[]): Promise<void> {
    for (const way of WAYS) await tc('qdisc', 'replace', ...DEVICE, 'parent', way, ...queue);
  }
}

async function steer(from: string, to: string, way: string): Promise<void> {
  const filter = ['filter', 'add', ...DEVICE, 'parent', '1:', 'protocol', 'ip', 'prio', '1', 'u32'];
  await tc(...filter, 'match', 'ip', 'src', from, 'match', 'ip', 'dst', to, 'flowid', way);
}

function shapeOf({ rate, burst }: typeof UNBOUNDED): string[] {
  return ['htb', 'rate', rate, 'burst', burst, 'cburst', burst, 'quantum', ONE_PACKET];
}
