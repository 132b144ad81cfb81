/** A focus with its rules and its media, whose clients are told by control messages. Matrix alone is a stand-in. */
import { type ControlMessage, parseControl, writeControl } from '../../signalling/wire/control.ts';
import { ok } from '../../signalling/wire/parse.ts';
import type { Permissions } from '../../signalling/wire/permissions.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../../src/conference/state.ts';
import type { Media } from '../../src/ports.ts';
import { Focus } from '../../src/runtime/focus.ts';
import { FakeMeters, FakeProcess, FakeRooms, FakeSignals, FakeStore, silentLog } from '../../src/testing/fake-world.ts';
import { DataClient } from './data-peer.ts';
import { eventually, startMedia, systemClock } from './harness.ts';

export class DataCall {
  readonly meters = new FakeMeters();
  readonly #signals = new FakeSignals();
  readonly #rooms = new FakeRooms();
  readonly #media: Media;
  readonly #focus: Focus;
  readonly #clients: { close(): void }[] = [];
  #calls = 0;

  static async start(...names: readonly string[]): Promise<DataCall> {
    return new DataCall(await startMedia(), names);
  }

  private constructor(media: Media, names: readonly string[]) {
    this.#rooms.room('!room:test', 'conf', ...names.map(name => `@${name}:test`));
    this.#media = media;
    this.#focus = new Focus({
      media,
      process: new FakeProcess(),
      overload: undefined,
      signals: this.#signals,
      store: new FakeStore(),
      clock: systemClock,
      log: silentLog,
      meters: this.meters,
      focus: { userId: '@focus:test', deviceId: 'FOCUS' },
      timing: DEFAULT_TIMING,
      limits: DEFAULT_LIMITS,
      rooms: this.#rooms,
      bounds: { conferences: 1, invitesPerUserPerMinute: 60, invitePatienceMs: 1_000, waitingInvites: 1 },
      requireEncryption: false,
    });
  }

  /** From now on the room says so. */
  permit(permissions: Permissions): void {
    this.#rooms.permissions = permissions;
    this.#focus.roomsChanged(new Map([['!room:test', new Set()]]));
  }

  /** The answer of the focus to an invite. */
  async invite(name: string, sdp: string): Promise<string> {
    this.#calls += 1;
    const callId = `call ${this.#calls} of ${name}`;
    const from = { sender: `@${name}:test`, deviceId: 'DEV', sessionId: callId, callId, confId: 'conf' };
    this.#focus.take({
      parsed: ok({ kind: 'invite', from, sdp, metadata: {}, lifetimeMs: 60_000 }),
      replyTo: undefined,
      lateMs: 0,
    });
    const sent = await eventually('answer', () =>
      this.#signals.sent.find(({ event }) => event.type === 'm.call.answer' && event.content['call_id'] === callId),
    );
    return (sent.event.content['answer'] as { sdp: string }).sdp;
  }

  /** A client of libdatachannel. `relayed`: by way of a relay that can be stopped. */
  async join(name: string, relayed = false): Promise<DataClient> {
    return this.#enter(new DataClient(), offer => this.invite(name, offer), relayed);
  }

  /** One that sends messages of up to `bytes`, whatever the focus says that it takes. */
  async joinHeedless(name: string, bytes: number): Promise<DataClient> {
    return this.#enter(new DataClient(bytes), async offer => {
      const answer = await this.invite(name, offer);
      return answer.replace(/a=max-message-size:\d+/, `a=max-message-size:${bytes}`);
    });
  }

  async #enter(client: DataClient, answer: (offer: string) => Promise<string>, relayed?: boolean): Promise<DataClient> {
    this.#clients.push(client);
    await client.join(answer, relayed);
    return client;
  }

  /** Ends with the call. */
  own(client: { close(): void }): void {
    this.#clients.push(client);
  }

  /** Codes of the hang-ups that a user was sent, and types of what else. */
  sentTo(name: string): string[] {
    return this.#signals.to(`@${name}:test`);
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.#focus.stop();
    await this.#media.close();
  }
}

export function say(client: Pick<DataClient, 'sendControl'>, message: ControlMessage): void {
  client.sendControl(writeControl(message));
}

/** What the focus told a client, oldest first. */
export function told({ control }: Pick<DataClient, 'control'>): ControlMessage[] {
  return control.flatMap(text => {
    const parsed = parseControl(text);
    return parsed.kind === 'ok' ? parsed.value : [];
  });
}

/** Codes of what the focus complained of. */
export function codesTold(client: Pick<DataClient, 'control'>): (string | undefined)[] {
  return told(client).flatMap(message => (message.kind === 'error' ? [message.code] : []));
}
