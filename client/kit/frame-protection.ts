/** Ties the encryption of frames to the sections of one peer connection. */
import type { CannotDecrypt } from './encryption-state.ts';
import type { BoundTrack, RemoteCopy, RemoteStream } from './remote-streams.ts';
import type { Device } from './room.ts';

/** Beyond RTCConfiguration: Chromium's, for createEncodedStreams. */
export interface ConnectionOptions {
  encodedInsertableStreams?: true;
}

/** Encrypts and decrypts the frames of a call, over as many sessions as it takes. */
export interface FrameProtection {
  /** Name of the frame format, as streams are announced with it. */
  readonly format: string;
  /** What a peer connection needs for it. */
  connectionOptions(): ConnectionOptions;
  /** From now on all that it sends is encrypted. */
  send(sender: RTCRtpSender, kind: 'audio' | 'video'): void;
  /** From now on nothing comes out of it but what was decrypted. */
  receive(receiver: RTCRtpReceiver): void;
  /** Whose frames come by it. */
  bind(receiver: RTCRtpReceiver, from: Device | undefined): void;
  /** Their connection is closed. */
  detach(transceivers: readonly RTCRtpTransceiver[]): void;
  /** Why nothing comes out of it; `undefined` where something does, or nothing came yet. */
  cannotDecrypt(receiver: RTCRtpReceiver): CannotDecrypt | undefined;
}

/** Protects both directions of a section, before anything can pass. */
export function protectTransceiver(
  protection: FrameProtection | undefined,
  { sender, receiver }: RTCRtpTransceiver,
  kind: 'audio' | 'video',
): void {
  protection?.send(sender, kind);
  protection?.receive(receiver);
}

/** The streams, each bound to whom it comes from, and with the reason where it cannot be decrypted. */
export function protectedStreams(protection: FrameProtection | undefined, streams: RemoteStream[]): RemoteStream[] {
  if (protection === undefined) return streams;
  return streams.map(stream => {
    const bound = [stream.audio, stream.video].filter(track => track !== undefined);
    return { ...stream, cannotDecrypt: reasonOf(protection, stream, bound) };
  });
}

/** Says of each receiver whose frames come by it: sections are used again for others. */
export function bindSenders(
  protection: FrameProtection | undefined,
  streams: readonly RemoteStream[],
  copies: readonly RemoteCopy[],
  transceivers: readonly RTCRtpTransceiver[],
): void {
  if (protection === undefined) return;
  const senders = new Map<RTCRtpReceiver, Device>();
  for (const { userId, deviceId, audio, video } of streams)
    for (const track of [audio, video]) if (track !== undefined) senders.set(track.receiver, { userId, deviceId });
  for (const { streamId, bound } of copies) {
    const source = streams.find(stream => stream.streamId === streamId);
    if (source !== undefined && bound !== undefined) senders.set(bound.receiver, source);
  }
  for (const { receiver } of transceivers) protection.bind(receiver, senders.get(receiver));
}

function reasonOf(
  protection: FrameProtection,
  { encryption }: RemoteStream,
  bound: BoundTrack[],
): CannotDecrypt | undefined {
  if (encryption !== protection.format) return 'clear';
  const reasons = bound.map(({ receiver }) => protection.cannotDecrypt(receiver));
  return reasons.find(reason => reason !== undefined);
}
