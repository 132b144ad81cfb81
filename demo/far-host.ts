import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args, { timeout: 10_000 });

/**
 * A host of our own beside this machine: a network namespace with one link to it. Neither end is loopback. Needs root.
 */
export class FarHost {
  readonly namespace: string;
  readonly #links: { near: string; far: string };
  readonly #network: string;
  /** This machine, as the far host reaches it. */
  readonly nearAddress: string;
  readonly farAddress: string;

  private constructor(tag: string, network: string) {
    this.namespace = `weir-${tag}`;
    this.#links = { near: `weir-n${tag}`, far: `weir-f${tag}` };
    this.#network = network;
    this.nearAddress = `${network}.1`;
    this.farAddress = `${network}.2`;
  }

  static async open(): Promise<FarHost> {
    const tag = randomInt(0, 0xffff).toString(16).padStart(4, '0');
    // A benchmarking range (RFC 2544): it is nobody's own network.
    const host = new FarHost(tag, `198.18.${randomInt(0, 255)}`);
    await ip('netns', 'add', host.namespace);
    try {
      const { near, far } = host.#links;
      await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', host.namespace);
      await ip('address', 'add', `${host.nearAddress}/30`, 'dev', near);
      await ip('link', 'set', near, 'up');
      const inside = (...args: string[]) => ip('-n', host.namespace, ...args);
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

  /** From now on the far host has another address, as a phone that goes from one network to another. Once. */
  async changeAddress(): Promise<void> {
    const { near, far } = this.#links;
    const inside = (...args: string[]) => ip('-n', this.namespace, ...args);
    const [nearSide, farSide] = [`${this.#network}.5`, `${this.#network}.6`];
    await ip('address', 'add', `${nearSide}/30`, 'dev', near);
    await inside('address', 'del', `${this.farAddress}/30`, 'dev', far);
    await inside('address', 'add', `${farSide}/30`, 'dev', far);
    await inside('route', 'add', 'default', 'via', nearSide);
  }

  /** From now on nothing gets through, and nobody is told: the link stays up, as where a router behind it died. */
  async goDark(): Promise<void> {
    const nothing = ['root', 'pfifo', 'limit', '0'];
    await run('tc', ['qdisc', 'add', 'dev', this.#links.near, ...nothing]);
    await run('tc', ['-n', this.namespace, 'qdisc', 'add', 'dev', this.#links.far, ...nothing]);
  }

  async goLight(): Promise<void> {
    await run('tc', ['qdisc', 'del', 'dev', this.#links.near, 'root']);
    await run('tc', ['-n', this.namespace, 'qdisc', 'del', 'dev', this.#links.far, 'root']);
  }

  /** What runs a command there. */
  get prefix(): string[] {
    return ['ip', 'netns', 'exec', this.namespace];
  }

  /** From now on no UDP leaves the far host, or comes to itself, as on networks that know the web only. */
  async blockUdp(): Promise<void> {
    await ip('-n', this.namespace, 'rule', 'add', 'priority', '0', 'ipproto', 'udp', 'blackhole');
  }

  async allowUdp(): Promise<void> {
    await ip('-n', this.namespace, 'rule', 'delete', 'priority', '0', 'ipproto', 'udp', 'blackhole');
  }

  /** Ends it with its link. What still runs there keeps running: end it first. */
  async close(): Promise<void> {
    await ip('netns', 'delete', this.namespace);
  }
}
