/** A focus made by hand: it knows all that a focus knows, and says what it likes. */
import jwt from 'jsonwebtoken';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { FOCUS_DEVICE_ID } from '../../../demo/site.ts';
import type { MatrixUser } from '../../../demo/synapse.ts';
import { HomeserverLink } from '../../../loadtest/peers/homeserver-link.ts';
import {
  parseTrunkHello,
  TRUNK_HELLO,
  type TrunkClaims,
  type TrunkHello,
  trunkProtocol,
  writeTrunkHello,
} from '../../../signalling/wire/trunk.ts';
import { type Link, linkOf, openEnd, type OwnEnd } from '../../../src/cascade/handshake.ts';
import { nameOfFocus } from '../../../src/session.ts';
import { HostileTrunk } from './hostile-trunk.ts';
import type { RefusedStage } from './stage.ts';

/** Nothing listens there: it dials. */
const NOWHERE = 'ws://127.0.9.1:9/v1/trunk';
const VERSION = 1;
const ANSWERED_WITHIN_MS = 10_000;

/** In place of a WebSocket: HTTP status. */
export interface NoTrunk {
  status: number;
}

export class HostileFocus implements AsyncDisposable {
  readonly user: MatrixUser;
  /** All hellos that the focus under attack said to it, in order. */
  readonly heard: TrunkHello[] = [];
  readonly #stage: RefusedStage;
  readonly #link: HomeserverLink;
  #end: OwnEnd;

  /** An account of the other site, in the room, that hears what it is told. */
  static async open(stage: RefusedStage, localpart: string): Promise<HostileFocus> {
    const user = await stage.member(localpart);
    const focus = new HostileFocus(stage, user);
    await focus.#link.open({ toDevice: event => focus.#hear(event) });
    return focus;
  }

  private constructor(stage: RefusedStage, user: MatrixUser) {
    this.user = user;
    this.#stage = stage;
    this.#link = new HomeserverLink(stage.homeserver, user);
    this.#end = this.newEnd();
  }

  get end(): OwnEnd {
    return this.#end;
  }

  newEnd(about: Partial<Pick<TrunkHello, 'roomId' | 'confId' | 'url' | 'versions'>> = {}): OwnEnd {
    const { roomId, confId } = this.#stage.room;
    const from = { userId: this.user.userId, deviceId: this.user.deviceId };
    return openEnd({ from, roomId, confId, versions: [VERSION], url: NOWHERE, ...about });
  }

  /** Says a hello of an end: of a new one, which is its own from now on, unless one is given. */
  async sayHello(end?: OwnEnd): Promise<void> {
    if (end === undefined) this.#end = this.newEnd();
    const { hello } = end ?? this.#end;
    const answers = this.heard.slice(-1).map(({ epoch }) => epoch);
    const { content } = writeTrunkHello({ ...hello, answers });
    await this.#link.sendToDevice(this.#stage.victim.userId, FOCUS_DEVICE_ID, TRUNK_HELLO, content);
  }

  /** What its end and the latest hello make. */
  link(end = this.#end): Link {
    const far = this.heard.at(-1);
    if (far === undefined) throw new Error('the focus said no hello');
    const link = linkOf(end, far);
    if (typeof link === 'string') throw new Error(link);
    return link;
  }

  /** What a right token claims; `undefined` leaves a claim out. */
  claims(more: Partial<Record<keyof TrunkClaims, unknown>> = {}, end = this.#end): object {
    const now = Math.floor(Date.now() / 1_000);
    const { roomId, confId, epoch, from } = end.hello;
    return {
      iss: nameOfFocus(from),
      aud: nameOfFocus({ userId: this.#stage.victim.userId, deviceId: FOCUS_DEVICE_ID }),
      room_id: roomId,
      conf_id: confId,
      version: VERSION,
      epoch,
      aud_epoch: this.heard.at(-1)?.epoch,
      jti: crypto.randomUUID(),
      iat: now,
      exp: now + 60,
      ...more,
    };
  }

  /** A right token, but for what is changed of its claims. */
  sign(more: Parameters<HostileFocus['claims']>[0] = {}, end = this.#end): string {
    return jwt.sign(this.claims(more, end), this.link(end).secret, { algorithm: 'HS256' });
  }

  /** Opens a WebSocket, or is told why not. Rejects where there is no answer at all. */
  async dial(token: string | undefined, protocol = trunkProtocol(VERSION)): Promise<HostileTrunk | NoTrunk> {
    const ws = new WebSocket(this.#stage.trunkUrl, protocol, {
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
      handshakeTimeout: ANSWERED_WITHIN_MS,
    });
    const refused = Promise.withResolvers<NoTrunk>();
    ws.on('unexpected-response', (request, response) => {
      response.resume();
      request.destroy();
      refused.resolve({ status: response.statusCode ?? 0 });
    });
    const trunk = new HostileTrunk(ws);
    return Promise.race([once(ws, 'open').then(() => trunk), refused.promise]);
  }

  /** Shakes hands with a new end, as a focus should, and opens the trunk. Rejects where that is not let in. */
  async openTrunk(): Promise<HostileTrunk> {
    let trunk: HostileTrunk | undefined;
    // The attacked focus may have ended its trunk just now, and begin anew: it greets nobody meanwhile.
    await this.#stage.must('the trunk begins', async () => {
      trunk = await this.openSocket();
      const isGreeted = await trunk.greet();
      if (!isGreeted) trunk[Symbol.dispose]();
      return isGreeted;
    });
    if (trunk === undefined) throw new Error('there is no trunk');
    return trunk;
  }

  /** The same, before its first frame. */
  async openSocket(): Promise<HostileTrunk> {
    await this.#stage.must('the focus says hello', () => this.heard.length > 0);
    await this.sayHello();
    let trunk: HostileTrunk | undefined;
    await this.#stage.must('the trunk opens', async () => {
      const dialled = await this.dial(this.sign());
      if (dialled instanceof HostileTrunk) trunk = dialled;
      return trunk !== undefined;
    });
    if (trunk === undefined) throw new Error('there is no trunk');
    return trunk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }

  #hear({ type, sender, content }: { type: string; sender: string; content: unknown }): void {
    const parsed = type === TRUNK_HELLO ? parseTrunkHello(sender, content) : undefined;
    if (parsed?.kind !== 'ok') return;
    const isKnown = this.heard.some(({ epoch }) => epoch === parsed.value.epoch);
    if (!isKnown) this.heard.push(parsed.value);
  }
}
