import { randomUUID } from 'node:crypto';
import { matrixRequest } from '../../demo/matrix-api.ts';
import type { MatrixUser, Synapse } from '../../demo/synapse.ts';
import { createHomeserver, type Homeserver, RoomView, type SyncBatch } from '../../signalling/matrix/index.ts';
import type { ClientToDevice, FocusIdentity } from '../../signalling/wire/to-device.ts';
import type { Clock, SyncPosition } from '../../src/ports.ts';
import { until } from '../../loadtest/peers/until.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export interface ListeningOptions {
  synapse: Synapse;
  account: MatrixUser;
  allowedInviters?: readonly string[];
  position?: SyncPosition | undefined;
  /** Called as a batch arrives, before it is recorded. */
  onBatch?: (batch: SyncBatch) => Promise<void> | void;
}

/** The homeserver adapter as the focus uses it, with everything recorded that it gave. */
export class ListeningFocus {
  readonly homeserver: Homeserver;
  readonly batches: SyncBatch[] = [];
  readonly rooms = new RoomView();
  readonly counts = new Map<string, number>();
  readonly health: string[] = [];
  identity: FocusIdentity | undefined;

  private constructor({ synapse, account, allowedInviters = ['*'], onBatch }: ListeningOptions) {
    this.homeserver = createHomeserver({
      url: synapse.baseUrl,
      credentials: { kind: 'token', accessToken: account.accessToken },
      allowedInviters,
      clock: systemClock,
      logger: quiet,
      count: (name, labels) => {
        const key = [name, ...Object.values(labels)].join(' ');
        this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
      },
      events: {
        batch: async batch => {
          await onBatch?.(batch);
          this.batches.push(batch);
          this.rooms.apply(batch.rooms, batch.whole);
        },
        health: ({ state }) => this.health.push(state),
      },
    });
  }

  /** Resolves once the first batch was taken. */
  static async start(options: ListeningOptions): Promise<ListeningFocus> {
    const focus = new ListeningFocus(options);
    focus.identity = await focus.homeserver.start(options.position);
    await until('first batch', 20_000, () => focus.batches.length > 0);
    return focus;
  }

  /** Where a restart would go on. */
  get position(): SyncPosition | undefined {
    return this.batches.at(-1)?.position;
  }

  /** Call ids of the messages of one kind, in order of arrival. */
  callIds(kind: ClientToDevice['kind']): string[] {
    return this.batches
      .flatMap(batch => batch.toDevice)
      .flatMap(({ parsed }) => (parsed.kind === 'ok' && parsed.value.kind === kind ? [parsed.value.from.callId] : []));
  }

  async stop(): Promise<void> {
    await this.homeserver.stop();
  }
}

/** Sends one m.call.hangup, the shortest of a call's messages. */
export async function sendHangup(synapse: Synapse, from: MatrixUser, to: MatrixUser, callId: string): Promise<void> {
  await sendToDevice(synapse, from, to, 'm.call.hangup', {
    call_id: callId,
    conf_id: 'conf',
    device_id: from.deviceId,
    sender_session_id: 'session',
    reason: 'user_hangup',
  });
}

export async function sendToDevice(
  synapse: Synapse,
  from: MatrixUser,
  to: MatrixUser,
  type: string,
  content: Record<string, unknown>,
): Promise<void> {
  await matrixRequest(synapse.baseUrl, {
    method: 'PUT',
    path: `/_matrix/client/v3/sendToDevice/${type}/${randomUUID()}`,
    accessToken: from.accessToken,
    body: { messages: { [to.userId]: { [to.deviceId]: content } } },
  });
}
