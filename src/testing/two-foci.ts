/** Two foci with trunks over real WebSockets on loopback, and a carrier of to-device messages that a test holds in its hands. */
import type { AddressInfo } from 'node:net';
import type { HttpConfig } from '../../config/config.ts';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import { parseTrunkHello, type TrunkHello } from '../../signalling/wire/trunk.ts';
import { Cascade, type CascadeOptions } from '../cascade/index.ts';
import { startTestApp, type TestApp } from '../http/fixtures/test-app.ts';
import type { Clock, Naming, Trunk, TrunkState } from '../ports.ts';
import type { ConferenceId, FocusId } from '../session.ts';
import { silentLog } from './fake-world.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export const CALL: ConferenceId = { roomId: '!room:one', confId: 'conf' };
/** `one` dials: its name comes first. */
export const ONE: FocusId = { userId: '@focus:one.example', deviceId: 'WEIR' };
export const TWO: FocusId = { userId: '@focus:two.example', deviceId: 'WEIR' };

/** Hands hellos to the foci that they are for, unless a test holds them back. Not a homeserver. */
export class FakeCarrier {
  readonly foci = new Map<string, Cascade>();
  /** All hellos that were given to it, in order. */
  readonly said: { from: FocusId; to: FocusId; hello: TrunkHello }[] = [];
  /** What becomes of a hello on its way; none: it comes as it is. */
  change: ((hello: TrunkHello, to: FocusId) => TrunkHello[]) | undefined;

  send(from: FocusId, to: FocusId, content: unknown): void {
    const parsed = parseTrunkHello(from.userId, content);
    if (parsed.kind === 'bad') throw parsed.error;
    const hello = parsed.value;
    this.said.push({ from, to, hello });
    for (const one of this.change?.(hello, to) ?? [hello]) this.deliver(one, to);
  }

  deliver(hello: TrunkHello, to: FocusId): void {
    setImmediate(() => this.foci.get(to.userId)?.hello(hello));
  }
}

/** One trunk as its owner sees it, with all that it was told. */
export class Seen {
  readonly states: TrunkState[] = [];
  readonly frames: string[] = [];
  readonly trunk: Trunk;
  /** Called where the other end has acknowledged frames. */
  acknowledged = (): void => undefined;

  constructor(focus: TestFocus, peer: FocusId, conference = CALL) {
    this.trunk = focus.cascade.open(conference, peer, {
      state: state => void this.states.push(state),
      frame: text => void this.frames.push(text),
      acknowledged: () => this.acknowledged(),
    });
  }

  get last(): string {
    const state = this.states.at(-1);
    switch (state?.kind) {
      case undefined:
        return 'nothing';
      case 'open':
        return state.resumed ? 'resumed' : 'open';
      case 'broken':
      case 'ended':
      case 'refused':
        return `${state.kind} ${state.code}`;
    }
  }
}

export interface TestFocus {
  id: FocusId;
  cascade: Cascade;
  app: TestApp['app'];
  /** The real URL of its /v1/trunk. */
  url: string;
  /** What it counted of handshakes. */
  counted: string[];
  logged: object[];
}

const running = new Set<TestFocus>();

export interface FocusOptions extends Partial<Omit<CascadeOptions, 'focus' | 'url' | 'namingOf'>> {
  namingOf?: (conference: ConferenceId, peer: FocusId) => Naming;
  /** What it tells others, where that is not its URL. */
  told?: (url: string) => string;
  /** Serves TLS. */
  tls?: HttpConfig['tls'];
}

export async function startFocus(
  id: FocusId,
  carrier: FakeCarrier,
  { told, tls, ...options }: FocusOptions = {},
): Promise<TestFocus> {
  const counted: string[] = [];
  const logged: object[] = [];
  const write = (fields: object, message: string): void => void logged.push({ ...fields, message });
  let url = '';
  const cascade = new Cascade({
    focus: id,
    url: () => told?.(url) ?? url,
    signals: { send: async (userId, deviceId, { content }) => carrier.send(id, { userId, deviceId }, content) },
    namingOf: () => 'named',
    limits: { allowedServers: ['*'], deniedServers: [], trunksPerServer: 100, handshakesPerMinute: 1_000 },
    allowedNetworks: ['127.0.0.0/8'],
    clock: realClock,
    log: { ...silentLog, debug: write, info: write, warn: write, error: write },
    meters: { handshake: (outcome: ErrorCode | 'opened' | 'resumed') => void counted.push(outcome) },
    ...options,
  });
  const { app } = await startTestApp('/nowhere', { tls }, { cascade: { admit: token => cascade.admit(token) } });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  url = `${tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}/v1/trunk`;
  carrier.foci.set(id.userId, cascade);
  const focus = { id, cascade, app, url, counted, logged };
  running.add(focus);
  return focus;
}

export async function stopFocus(focus: TestFocus): Promise<void> {
  running.delete(focus);
  await focus.cascade.stop();
  await focus.app.close();
}

export async function stopAllFoci(): Promise<void> {
  await Promise.all([...running].map(stopFocus));
}
