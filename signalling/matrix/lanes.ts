import { randomUUID } from 'node:crypto';
import { WeirError } from '../wire/errors.ts';
import type { ToDeviceEvent } from '../wire/to-device.ts';
import { BackOff, pause } from './back-off.ts';
import { errorOf, failureOf } from './failure.ts';
import type { HomeserverHttp } from './http.ts';
import { labelOf } from './read-sync.ts';
import type { HomeserverOptions } from './types.ts';

/** Messages that may wait for one device; more are refused. */
const MAX_PER_DEVICE = 64;
/** Messages that may wait altogether. */
const MAX_WAITING = 8_192;
const MAX_ATTEMPTS = 8;
const REQUEST_TIMEOUT_MS = 10_000;
/** From `send` to the last attempt's end. */
const MESSAGE_TIMEOUT_MS = 30_000;

type Deps = Pick<HomeserverOptions, 'clock' | 'logger' | 'count'>;

/** Outgoing to-device messages: one ordered lane per device, so that a slow one holds up nobody else. */
export class Lanes {
  readonly #deps: Deps;
  readonly #http: HomeserverHttp;
  readonly #signal: AbortSignal;
  /** Tail of each lane that is in use, and how many wait in it. */
  readonly #lanes = new Map<string, { tail: Promise<void>; length: number }>();
  // A homeserver drops a transaction id that it has seen: ids of an earlier run must not come again.
  readonly #run = randomUUID();
  #sent = 0;
  #waiting = 0;

  /** @param signal ends all attempts; what waits then rejects with WEIR_FOCUS_STOPPING */
  constructor(deps: Deps, http: HomeserverHttp, signal: AbortSignal) {
    this.#deps = deps;
    this.#http = http;
    this.#signal = signal;
  }

  /** See the port `Signals`. Rejects with WEIR_OVERLOADED, too, where too many messages wait. */
  async send(userId: string, deviceId: string, event: ToDeviceEvent): Promise<void> {
    const key = JSON.stringify([userId, deviceId]);
    const lane = this.#lanes.get(key) ?? { tail: Promise.resolve(), length: 0 };
    if (lane.length >= MAX_PER_DEVICE || this.#waiting >= MAX_WAITING) {
      this.#deps.count('matrix_to_device_sent', { type: labelOf(event.type), outcome: 'overflow' });
      throw new WeirError('WEIR_OVERLOADED', 'too many messages wait for a device');
    }
    const deadline = this.#deps.clock.now() + MESSAGE_TIMEOUT_MS;
    this.#sent += 1;
    const path = `/sendToDevice/${encodeURIComponent(event.type)}/${this.#run}.${this.#sent}`;
    const body = { messages: { [userId]: { [deviceId]: event.content } } };
    const delivery = lane.tail.then(() => this.#deliver(path, body, event.type, deadline));
    lane.length += 1;
    this.#waiting += 1;
    lane.tail = delivery
      .catch(() => undefined)
      .then(() => {
        lane.length -= 1;
        this.#waiting -= 1;
        if (lane.length === 0) this.#lanes.delete(key);
      });
    this.#lanes.set(key, lane);
    return delivery;
  }

  /** Resolves once nothing waits. */
  async settled(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all([...this.#lanes.values()].map(lane => lane.tail));
  }

  async #deliver(path: string, body: Record<string, unknown>, type: string, deadline: number): Promise<void> {
    const { clock, count, logger } = this.#deps;
    const backOff = new BackOff(250, 5_000);
    const label = labelOf(type);
    for (let attempt = 1; ; attempt += 1) {
      const left = deadline - clock.now();
      if (this.#signal.aborted) throw new WeirError('WEIR_FOCUS_STOPPING', 'the focus is being shut down');
      if (left <= 0) {
        count('matrix_to_device_sent', { type: label, outcome: 'unreachable' });
        throw new WeirError('WEIR_HOMESERVER_UNREACHABLE', 'the message waited too long for the homeserver');
      }
      try {
        await this.#http.call({
          method: 'PUT',
          path,
          body,
          timeoutMs: Math.min(REQUEST_TIMEOUT_MS, left),
          signal: this.#signal,
        });
        count('matrix_to_device_sent', { type: label, outcome: 'ok' });
        return;
      } catch (thrown) {
        const failure = failureOf(thrown);
        const delay = failure.kind === 'limited' ? (failure.retryAfterMs ?? backOff.next()) : backOff.next();
        const hopeless = failure.kind === 'refused' || failure.kind === 'rejected';
        if (hopeless || attempt >= MAX_ATTEMPTS || clock.now() + delay >= deadline) {
          count('matrix_to_device_sent', { type: label, outcome: failure.kind });
          throw errorOf(failure, thrown);
        }
        count('matrix_send_retries', {});
        logger.debug({ type, attempt, reason: failure.message }, 'could not send a to-device message; trying again');
        await pause(clock, delay, this.#signal);
      }
    }
  }
}
