import { expect, it } from 'vitest';
import { bindSenders, type FrameProtection, protectedStreams } from './frame-protection.ts';
import type { CannotDecrypt } from './encryption-state.ts';
import type { BoundTrack, RemoteCopy, RemoteStream } from './remote-streams.ts';
import type { Device } from './room.ts';

/** Nobody looks into it: it is told apart by its identity. */
function fakeTransceiver(): RTCRtpTransceiver {
  const fake: unknown = { receiver: {} };
  return fake as RTCRtpTransceiver;
}

function boundTo({ receiver }: RTCRtpTransceiver): BoundTrack {
  const track: unknown = {};
  return { track: track as MediaStreamTrack, receiver, mid: '0' };
}

class FakeProtection implements FrameProtection {
  readonly format = 'sframe';
  readonly bound = new Map<RTCRtpReceiver, Device | undefined>();
  readonly reasons = new Map<RTCRtpReceiver, CannotDecrypt>();

  connectionOptions(): object {
    return {};
  }
  send(): void {}
  receive(): void {}
  detach(): void {}
  bind(receiver: RTCRtpReceiver, from: Device | undefined): void {
    this.bound.set(receiver, from);
  }
  cannotDecrypt(receiver: RTCRtpReceiver): CannotDecrypt | undefined {
    return this.reasons.get(receiver);
  }
}

function streamOf(name: string, parts: Partial<RemoteStream> = {}): RemoteStream {
  return {
    userId: `@${name}:x`,
    deviceId: name.toUpperCase(),
    streamId: name,
    purpose: 'm.usermedia',
    audioMuted: false,
    videoMuted: false,
    audioTrackId: undefined,
    videoTrackId: undefined,
    width: undefined,
    height: undefined,
    audio: undefined,
    video: undefined,
    granted: undefined,
    undecodable: undefined,
    encryption: 'sframe',
    cannotDecrypt: undefined,
    ...parts,
  };
}

const deviceOf = (name: string): Device => ({ userId: `@${name}:x`, deviceId: name.toUpperCase() });

it('binds voices, pictures and second sizes to whom they come from, and the rest to nobody', () => {
  const protection = new FakeProtection();
  const transceivers = [fakeTransceiver(), fakeTransceiver(), fakeTransceiver(), fakeTransceiver()];
  const [voice, picture, second, free] = transceivers;
  if (!voice || !picture || !second || !free) throw new RangeError('four were made');
  const streams = [streamOf('ana', { audio: boundTo(voice) }), streamOf('bo', { video: boundTo(picture) })];
  const copies: RemoteCopy[] = [
    { streamId: 'bo', trackId: 'v', variant: 'large', bound: boundTo(second), granted: undefined },
    { streamId: 'gone', trackId: 'v', variant: 'large', bound: boundTo(free), granted: undefined },
  ];
  bindSenders(protection, streams, copies, transceivers);
  expect(transceivers.map(({ receiver }) => protection.bound.get(receiver))).toMatchObject([
    deviceOf('ana'),
    deviceOf('bo'),
    deviceOf('bo'),
    undefined,
  ]);

  // The section is used again for somebody else.
  bindSenders(protection, [streamOf('carl', { audio: boundTo(voice) })], [], transceivers);
  expect(protection.bound.get(voice.receiver)).toMatchObject(deviceOf('carl'));
  expect(protection.bound.get(picture.receiver)).toBeUndefined();
});

it('says why a stream is not shown: its frames, or that it is sent in the clear or in another format', () => {
  const protection = new FakeProtection();
  const [good, bad] = [fakeTransceiver(), fakeTransceiver()];
  protection.reasons.set(bad.receiver, 'no_key');
  const streams = [
    streamOf('ana', { audio: boundTo(good) }),
    streamOf('bo', { audio: boundTo(good), video: boundTo(bad) }),
    streamOf('carl', { encryption: undefined }),
    streamOf('dora', { encryption: 'another' }),
  ];
  const reasons = protectedStreams(protection, streams).map(({ cannotDecrypt }) => cannotDecrypt);
  expect(reasons).toEqual([undefined, 'no_key', 'clear', 'clear']);
  // Where the call is not encrypted, nothing is asked for.
  expect(protectedStreams(undefined, streams)).toBe(streams);
});
