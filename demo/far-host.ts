import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args, { timeout: 10_000 });

/**
 * A host of our own beside this machine: a network namespace with one link to it. Neither end is loopback. Needs root.
 */
export class FarHost {
  readonly #name: string;
  /** This machine, as the far host reaches it. */
  readonly nearAddress: string;
  readonly farAddress: string;

  private constructor(name: string, network: string) {
    this.#name = name;
    this.nearAddress = `${network}.1`;
    this.farAddress = `${network}.2`;
  }

  static async open(): Promise<FarHost> {
    const tag = randomInt(0, 0xffff).toString(16).padStart(4, '0');
    // A benchmarking range (RFC 2544): it is nobody's own network.
    const host = new FarHost(`weir-${tag}`, `198.18.${randomInt(0, 255)}`);
    await ip('netns', 'add', host.#name);
    try {
      const [near, far] = [`weir-n${tag}`, `weir-f${tag}`];
      await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', host.#name);
      await ip('address', 'add', `${host.nearAddress}/30`, 'dev', near);
      await ip('link', 'set', near, 'up');
      const inside = (...args: string[]) => ip('-n', host.#name, ...args);
      await inside('address', 'add', `${host.farAddress}/30`, 'dev', far);
      await inside('link', 'set', far, 'up');
      await inside('link', 'set', 'lo', 'up');
      await inside('route', 'add', 'default', 'via', host.nearAddress);
      return host;
    } catch (thrown) {
      await host.close();
      throw thrown;
    }
  }

  /** What runs a command there. */
  get prefix(): string[] {
    return ['ip', 'netns', 'exec', this.#name];
  }

  /** From now on no UDP leaves the far host, or comes to itself, as on networks that know the web only. */
  async blockUdp(): Promise<void> {
    await ip('-n', this.#name, 'rule', 'add', 'priority', '0', 'ipproto', 'udp', 'blackhole');
  }

  async allowUdp(): Promise<void> {
    await ip('-n', this.#name, 'rule', 'delete', 'priority', '0', 'ipproto', 'udp', 'blackhole');
  }

  /** Ends it with its link. What still runs there keeps running: end it first. */
  async close(): Promise<void> {
    await ip('netns', 'delete', this.#name);
  }
}
