/** Tokens and WebSockets of foci that are not to be trusted. */
import jwt from 'jsonwebtoken';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Naming } from '../ports.ts';
import { CALL, FakeCarrier, ONE, Seen, startFocus, stopAllFoci, type TestFocus, TWO } from '../testing/two-foci.ts';
import { linkOf, openEnd } from './handshake.ts';

afterEach(stopAllFoci);

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 });

/** A dialler made by hand, which has shaken hands with focus two and may now say what it likes. */
class Dialler {
  readonly carrier = new FakeCarrier();
  readonly end = openEnd({ from: ONE, ...CALL, versions: [1], url: 'wss://one.example/v1/trunk' });
  readonly two: TestFocus;
  readonly seen: Seen;
  readonly secret: Buffer;
  readonly farEpoch: string;

  private constructor(two: TestFocus, carrier: FakeCarrier, seen: Seen) {
    this.two = two;
    this.carrier = carrier;
    this.seen = seen;
    this.farEpoch = seen.trunk.epoch;
    const said = carrier.said.find(({ from }) => from === two.id);
    if (said === undefined) throw new Error('it said no hello');
    const link = linkOf(this.end, said.hello);
    if (typeof link === 'string') throw new Error(link);
    this.secret = link.secret;
    two.cascade.hello({ ...this.end.hello, answers: [this.farEpoch] });
  }

  static async greet(namingOf: () => Naming = () => 'named'): Promise<Dialler> {
    const carrier = new FakeCarrier();
    const two = await startFocus(TWO, carrier, { namingOf });
    const seen = new Seen(two, ONE);
    await eventually(() => expect(carrier.said.length).toBeGreaterThan(0));
    return new Dialler(two, carrier, seen);
  }

  claims(more: object = {}): object {
    const now = Math.floor(Date.now() / 1_000);
    return {
      ...{ iss: '@focus:one.example WEIR', aud: '@focus:two.example WEIR', room_id: CALL.roomId, conf_id: CALL.confId },
      ...{ version: 1, epoch: this.end.hello.epoch, aud_epoch: this.farEpoch, jti: `${Math.random()}` },
      ...{ iat: now, exp: now + 60 },
      ...more,
    };
  }

  sign(more: object = {}): string {
    return jwt.sign(this.claims(more), this.secret, { algorithm: 'HS256' });
  }

  /** Its WebSocket, or the answer in place of one. */
  async dial(token: string, protocol = 'weir.trunk.v1'): Promise<WebSocket | [number, unknown]> {
    const ws = new WebSocket(this.two.url, protocol, { headers: { authorization: `Bearer ${token}` } });
    ws.on('error', () => undefined);
    const refused = new Promise<[number, unknown]>(resolve => {
      ws.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', chunk => (body += String(chunk)));
        response.on('end', () => {
          const json: unknown = JSON.parse(body);
          resolve([response.statusCode ?? 0, typeof json === 'object' && json !== null && Reflect.get(json, 'code')]);
        });
      });
    });
    return Promise.race([once(ws, 'open').then(() => ws), refused]);
  }

  async dialWell(): Promise<WebSocket> {
    const ws = await this.dial(this.sign());
    if (!(ws instanceof WebSocket)) throw new Error(`refused: ${String(ws)}`);
    return ws;
  }
}

describe('a token', () => {
  it('that is right opens a WebSocket, once', async () => {
    const dialler = await Dialler.greet();
    const token = dialler.sign();
    expect(await dialler.dial(token)).toBeInstanceOf(WebSocket);
    expect(await dialler.dial(token)).toEqual([401, 'WEIR_TOKEN_REFUSED']);
  });

  const now = Math.floor(Date.now() / 1_000);
  it.each<[string, (dialler: Dialler) => string]>([
    ['of another secret', it => jwt.sign(it.claims(), Buffer.alloc(32, 1), { algorithm: 'HS256' })],
    ['of another algorithm', it => jwt.sign(it.claims(), it.secret, { algorithm: 'HS512' })],
    ['without a signature', it => jwt.sign(it.claims(), null, { algorithm: 'none' })],
    ['of another room', it => it.sign({ room_id: '!other:one' })],
    ['of another conference', it => it.sign({ conf_id: 'other' })],
    ['of another focus', it => it.sign({ iss: '@focus:three.example WEIR' })],
    ['of another device', it => it.sign({ iss: '@focus:one.example OTHER' })],
    ['for another focus', it => it.sign({ aud: '@focus:three.example WEIR' })],
    ['of another epoch', it => it.sign({ epoch: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['for another epoch', it => it.sign({ aud_epoch: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['of another version', it => it.sign({ version: 2 })],
    ['that is expired', it => it.sign({ iat: now - 300, exp: now - 240 })],
    ['that is old, whatever end it names', it => it.sign({ iat: now - 300, exp: now + 3_600 })],
    ['that is an answer', it => it.sign({ answers: 'x' })],
    ['that lacks a claim', it => it.sign({ jti: undefined })],
    ['that is none', () => 'nothing'],
    ['of great length', () => 'a'.repeat(5_000)],
  ])('%s is refused, and what is there goes on', async (_, tokenOf) => {
    const dialler = await Dialler.greet();
    expect(await dialler.dial(tokenOf(dialler))).toEqual([401, 'WEIR_TOKEN_REFUSED']);
    expect(await dialler.dial(dialler.sign())).toBeInstanceOf(WebSocket);
    expect(JSON.stringify(dialler.two.logged)).not.toContain(dialler.secret.toString('base64url'));
  });

  it('is refused with a subprotocol of another version', async () => {
    const dialler = await Dialler.greet();
    expect(await dialler.dial(dialler.sign(), 'weir.trunk.v9')).toEqual([426, 'WEIR_TRUNK_VERSION']);
  });

  it('is refused once no member names its focus any more', async () => {
    let naming: Naming = 'named';
    const dialler = await Dialler.greet(() => naming);
    naming = 'not yet';
    expect(await dialler.dial(dialler.sign())).toEqual([403, 'WEIR_TRUNK_NOT_NAMED']);
  });

  it('is refused where a focus dials too often', async () => {
    const dialler = await Dialler.greet();
    const answers: unknown[] = [];
    for (let times = 0; times < 61; times += 1) answers.push(await dialler.dial(dialler.sign()));
    expect(answers.slice(0, 60).every(answer => answer instanceof WebSocket)).toBe(true);
    expect(answers.at(-1)).toEqual([429, 'WEIR_TRUNK_LIMIT']);
  });
});

describe('a WebSocket of a focus that has proven itself', () => {
  const OPEN = '{"type":"org.weir.trunk.open","content":{}}';

  it.each([
    ['begins with something else', ['1 text']],
    ['begins with what is no JSON', ['{']],
    ['opens twice', [OPEN, OPEN]],
    ['leaves a frame out', [OPEN, '2 text']],
    ['acknowledges what was not said', [OPEN, '{"type":"org.weir.trunk.ack","content":{"received":5}}']],
    ['says what is not known', [OPEN, '{"type":"org.weir.trunk.other","content":{}}']],
    ['carries more than a frame holds', [OPEN, `1 ${'x'.repeat(524_289)}`]],
  ])('is closed where it %s', async (_, frames) => {
    const dialler = await Dialler.greet();
    const ws = await dialler.dialWell();
    for (const frame of frames) ws.send(frame);
    const [code, reason] = (await once(ws, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4400, 'WEIR_BAD_MESSAGE']);
    expect(dialler.seen.frames).toEqual([]);
  });

  it('is closed where a frame is binary, and where one is larger than is read', async () => {
    const dialler = await Dialler.greet();
    const [binary, huge] = [await dialler.dialWell(), await dialler.dialWell()];
    binary.send(Buffer.from(OPEN));
    huge.send('x'.repeat(5_000_000));
    expect((await once(binary, 'close'))[0]).toBe(4400);
    if (huge.readyState !== WebSocket.CLOSED) expect((await once(huge, 'close'))[0]).toBe(1009);
  });

  it('takes no place from one that is open until it says its first frame', async () => {
    const dialler = await Dialler.greet();
    const good = await dialler.dialWell();
    good.send(OPEN);
    await eventually(() => expect(dialler.seen.last).toBe('open'));
    await dialler.dialWell();
    good.send('1 still here');
    await eventually(() => expect(dialler.seen.frames).toEqual(['still here']));
  });

  it('does not resume a run that there is not', async () => {
    const dialler = await Dialler.greet();
    const ws = await dialler.dialWell();
    ws.send('{"type":"org.weir.trunk.open","content":{"resume":{"run":7,"received":3}}}');
    const [data] = (await once(ws, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toMatchObject({
      type: 'org.weir.trunk.welcome',
      content: { resumed: false, run: 1, received: 0 },
    });
  });
});

describe('a focus that answers without being the other one', () => {
  const now = (): number => Math.floor(Date.now() / 1_000);
  const servers: WebSocketServer[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it.each<[string, (token: string, asked: Record<string, unknown>) => string]>([
    ['sends the token back', token => token],
    ['signs by a secret of its own', (_, asked) => jwt.sign(answerTo(asked), Buffer.alloc(32, 1))],
    ['signs by none', (_, asked) => jwt.sign(answerTo(asked), null, { algorithm: 'none' })],
  ])('is none where it %s', async (_, welcomeOf) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    servers.push(server);
    await once(server, 'listening');
    let dialled = 0;
    server.on('connection', (ws, request) => {
      dialled += 1;
      const token = (request.headers.authorization ?? '').slice('Bearer '.length);
      const welcome = welcomeOf(token, jwt.decode(token, { json: true }) ?? {});
      ws.send(
        JSON.stringify({
          type: 'org.weir.trunk.welcome',
          content: { token: welcome, resumed: false, run: 1, received: 0 },
        }),
      );
      ws.send('1 believe me');
    });
    const one = await startFocus(ONE, new FakeCarrier());
    const atOne = new Seen(one, TWO);
    const { port } = server.address() as AddressInfo;
    const url = `ws://127.0.0.1:${port}/v1/trunk`;
    one.cascade.hello({ ...openEnd({ from: TWO, ...CALL, versions: [1], url }).hello, answers: [] });
    await eventually(() => expect(dialled).toBeGreaterThan(1));
    expect([atOne.states, atOne.frames]).toEqual([[], []]);
    expect(new Set(one.counted)).toEqual(new Set(['WEIR_TOKEN_REFUSED']));
  });

  /** Claims that were right, but for who signs them. */
  function answerTo({ iss, aud, epoch, aud_epoch: audEpoch, jti, ...rest }: Record<string, unknown>): object {
    return {
      ...rest,
      iss: aud,
      aud: iss,
      epoch: audEpoch,
      aud_epoch: epoch,
      jti: 'x',
      answers: jti,
      iat: now(),
      exp: now() + 60,
    };
  }
});
