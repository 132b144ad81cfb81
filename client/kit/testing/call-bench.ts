/** A call with stand-ins for homeserver, browser and network, in time that a test lets pass. */
import { vi } from 'vitest';
import { Call } from '../call.ts';
import { Capture } from '../capture.ts';
import type { MediaPreferences } from '../media-preferences.ts';
import type { Problem } from '../problems.ts';
import { FakeNetwork } from './fake-network.ts';
import { FakeMediaStream, FakePeerConnection } from './fake-peer-connection.ts';
import { FakeRoom } from './fake-room.ts';

/** Streams of somebody else. */
export const BO = {
  'stream-bo': {
    user_id: '@bo:b.example',
    device_id: 'BODEV',
    purpose: 'm.usermedia',
    tracks: { a: { kind: 'audio' }, v: { kind: 'video', width: 640, height: 360 } },
  },
};

export const ANNOUNCED_AFTER_MS = 1_500;

/** Lets promises and timers of no delay run. */
export const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Stands in for globals until it is closed: one at a time. */
export class CallBench {
  readonly room = new FakeRoom();
  readonly network = new FakeNetwork();
  readonly notices: Problem[] = [];
  call: Call;

  constructor() {
    vi.useFakeTimers();
    vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
    vi.stubGlobal('MediaStream', FakeMediaStream);
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    FakePeerConnection.made = [];
    this.call = this.#newCall();
  }

  /** Another call in place of the one before. */
  callAnew(preferences: MediaPreferences): void {
    this.call.close();
    this.call = this.#newCall(preferences);
  }

  /** The focus answers, and media and control channel come up. */
  async connect(metadata: object = {}): Promise<FakePeerConnection> {
    await settle();
    this.room.fakeAnswer(metadata);
    await settle();
    const connection = FakePeerConnection.latest;
    connection.channel.fakeOpen();
    connection.fakeState('connected');
    await settle();
    return connection;
  }

  /** The focus hangs up. */
  hangUp(code: string, reason = 'unknown_error'): void {
    this.room.fakeMessage('m.call.hangup', { reason, 'org.weir.error': { code, message: 'said so' } });
  }

  close(): void {
    this.call.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }

  #newCall(preferences?: MediaPreferences): Call {
    return new Call({
      room: this.room,
      capture: new Capture(),
      guessSize: () => ({ width: 320, height: 180 }),
      ...(preferences === undefined ? {} : { preferences }),
      network: this.network,
      doorOf: () => undefined,
      changed: () => undefined,
      notice: reason => this.notices.push(reason),
    });
  }
}
