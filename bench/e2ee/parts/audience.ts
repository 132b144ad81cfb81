/** Those who receive what the pages of a call send, and cost little: so that the focus has something to forward. */
import { inTurns, Viewer } from '../../scale/load/crowd.ts';
import type { CallRoom } from '../../../demo/call-room.ts';
import type { Deployment } from '../../../demo/deployment.ts';
import { FOCUS_DEVICE_ID } from '../../../demo/site.ts';
import type { MatrixUser } from '../../../demo/synapse.ts';
import type { PeerStack } from '../../../loadtest/peers/reporting-endpoint.ts';
import { until } from '../../../loadtest/peers/until.ts';

const CONNECTS_WITHIN_MS = 60_000;

export interface AudienceOptions {
  deployment: Deployment;
  room: CallRoom;
  /** Whose devices they are: a member of the room, and nobody's page. */
  user: MatrixUser;
  count: number;
  stack: PeerStack;
  signal: AbortSignal;
}

/** In no member event, so no page gives them a key: they count packets and need none. */
export class Audience implements AsyncDisposable {
  readonly #viewers: Viewer[] = [];
  readonly #stack: PeerStack;

  /** When one does not get in, those who did leave again. */
  static async open({ deployment, room, user, count, stack, signal }: AudienceOptions): Promise<Audience> {
    const { synapse, focus } = deployment;
    const place = {
      baseUrl: synapse.baseUrl,
      focus: { userId: focus.user.userId, deviceId: FOCUS_DEVICE_ID },
      room: { roomId: room.roomId, confId: room.confId },
    };
    await using opening = new AsyncDisposableStack();
    const audience = opening.use(new Audience(stack));
    await inTurns(
      Array.from({ length: count }, (_, index) => index),
      async () => {
        const viewer = new Viewer(place, await synapse.login(user), stack);
        audience.#viewers.push(viewer);
        const { peer } = viewer;
        await peer.join();
        await until('a viewer is connected', CONNECTS_WITHIN_MS, () => {
          if (peer.hangup !== undefined)
            throw new Error(`a viewer was hung up: ${peer.hangup.code ?? peer.hangup.reason}`);
          return peer.isConnected();
        });
      },
      signal,
    );
    opening.move();
    return audience;
  }

  private constructor(stack: PeerStack) {
    this.#stack = stack;
  }

  /** Packets that all of them have had so far. */
  async delivered(): Promise<number> {
    await this.#stack.refresh();
    return this.#viewers.reduce((sum, { peer }) => sum + peer.receivedInAll(), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not interrupted: all have to go.
    await inTurns(this.#viewers, ({ peer }) => peer.leave(), new AbortController().signal);
  }
}
