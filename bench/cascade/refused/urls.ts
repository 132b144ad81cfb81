import { type AddressInfo, createServer, type Server } from 'node:net';
import { ADDRESSES } from '../lab/place.ts';
import type { Attempts } from './attempts.ts';
import { HostileFocus } from './hostile-focus.ts';
import type { RefusedStage } from './stage.ts';

const DIALLED_WITHIN_MS = 15_000;

/** A focus that is dialled says that it is where only the attacked operator's own things are. */
export async function tryUrls(stage: RefusedStage, attempts: Attempts): Promise<void> {
  // Its name comes after that of the attacked one, which so has to dial.
  await using focus = await HostileFocus.open(stage, 'trap');
  using canary = await Canary.listen();
  await stage.name(await stage.member('mabel'), focus.user);
  await stage.must('the focus says hello', () => focus.heard.length > 0);
  const { port } = canary;
  const urls: [name: string, url: string][] = [
    ['a URL with an address that the configuration does not name', `ws://127.0.9.9:${port}/v1/trunk`],
    ['a URL with an address of a private network', `wss://10.1.2.3:${port}/v1/trunk`],
    ['a URL with loopback in other words', `wss://[::ffff:127.0.9.9]:${port}/v1/trunk`],
    ['a URL with loopback as a number', `wss://2130708745:${port}/v1/trunk`],
    ['a URL with a name of a private address', `wss://localhost:${port}/v1/trunk`],
    ['a URL without TLS beyond this machine', `ws://198.18.0.1:${port}/v1/trunk`],
    ['a URL with a user', `wss://user:secret@${ADDRESSES[1]}:${port}/v1/trunk`],
  ];
  for (const [name, url] of urls) {
    const before = await stage.counted('WEIR_TRUNK_ADDRESS');
    await focus.sayHello(focus.newEnd({ url }));
    const refused = await stage.place.until(
      DIALLED_WITHIN_MS,
      async () => (await stage.counted('WEIR_TRUNK_ADDRESS')) > before,
    );
    attempts.note(name, refused === undefined || canary.connections > 0);
  }
  await focus.sayHello(focus.newEnd({ url: `ws://${ADDRESSES[1]}:${port}/v1/trunk` }));
  const dialled = await stage.place.until(DIALLED_WITHIN_MS, () => canary.connections > 0);
  attempts.control('a URL with an address that the configuration names', dialled !== undefined);
}

/** Listens at all addresses of this network, and counts who comes. */
class Canary implements Disposable {
  readonly #server: Server;
  connections = 0;

  static async listen(): Promise<Canary> {
    const canary = new Canary();
    await new Promise<void>(resolve => canary.#server.listen(0, '0.0.0.0', resolve));
    return canary;
  }

  private constructor() {
    this.#server = createServer(socket => {
      this.connections += 1;
      socket.destroy();
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}
