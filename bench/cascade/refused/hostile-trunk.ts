/** The WebSocket of a hostile focus. */
import type { RawData, WebSocket } from 'ws';
import { setTimeout as delay } from 'node:timers/promises';
import { writeTrunkAnswer } from '../../../signalling/wire/trunk-description.ts';
import { parseTrunkFrame, writeTrunkFrame } from '../../../signalling/wire/trunk.ts';
import { parseTrunkMessage, type TrunkMessage, writeTrunkMessage } from '../../../signalling/wire/trunk-message.ts';

const GREETED_WITHIN_MS = 5_000;

export class HostileTrunk implements Disposable {
  /** What the other focus said over it. */
  readonly said: TrunkMessage[] = [];
  readonly ws: WebSocket;
  readonly #greeted = Promise.withResolvers<void>();
  #number = 0;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('error', () => undefined);
    ws.on('message', (data: RawData) => {
      if (Buffer.isBuffer(data)) this.#hear(data.toString());
    });
  }

  /** Says its first frame, and waits for the answer. False where there is none. */
  async greet(): Promise<boolean> {
    this.ws.send(writeTrunkFrame({ kind: 'open', resume: undefined }));
    const late = delay(GREETED_WITHIN_MS, false, { ref: false });
    return Promise.race([this.#greeted.promise.then(() => true), late]);
  }

  say(message: Parameters<typeof writeTrunkMessage>[0]): void {
    this.sayText(writeTrunkMessage(message));
  }

  /** Any text, as the next frame. */
  sayText(text: string): void {
    this.#number += 1;
    this.ws.send(writeTrunkFrame({ kind: 'carried', number: this.#number, text }));
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  [Symbol.dispose](): void {
    this.ws.terminate();
  }

  #hear(text: string): void {
    const frame = parseTrunkFrame(text);
    if (frame.kind === 'bad') return;
    if (frame.value.kind === 'welcome') this.#greeted.resolve();
    if (frame.value.kind !== 'carried') return;
    this.ws.send(writeTrunkFrame({ kind: 'ack', received: frame.value.number }));
    const message = parseTrunkMessage(frame.value.text);
    if (message.kind === 'bad') return;
    this.said.push(message.value);
    // Takes all that it is offered: an offer without an answer ends a trunk by itself.
    if (message.value.kind === 'negotiate' && message.value.description.type === 'offer')
      this.say({
        kind: 'negotiate',
        description: { type: 'answer', sdp: writeTrunkAnswer({ refused: [] }) },
        metadata: undefined,
      });
  }
}
