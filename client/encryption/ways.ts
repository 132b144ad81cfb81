/** How this browser lets frames be transformed, and how that is done. */
import { EncryptionError } from './errors.ts';
import type { FrameStreams, TrackRef } from './messages.ts';

export type Way =
  /** RTCRtpScriptTransform (W3C WebRTC Encoded Transform): the frames are in the worker from the start. */
  | 'script'
  /** createEncodedStreams (older versions of Chromium): streams of the page, handed to the worker. */
  | 'streams';

export type TrackEnd = RTCRtpSender | RTCRtpReceiver;

interface WithEncodedStreams {
  createEncodedStreams(): FrameStreams<unknown>;
}

function hasEncodedStreams(end: object): end is WithEncodedStreams {
  return 'createEncodedStreams' in end;
}

/** The best one; `undefined` where there is none. */
export function wayHere(): Way | undefined {
  const ways: Way[] = ['script', 'streams'];
  return ways.find(hasWay);
}

export function hasWay(way: Way): boolean {
  // WebCrypto is for secure origins alone.
  if (!isSecureContext || typeof Worker !== 'function' || typeof RTCRtpSender !== 'function') return false;
  switch (way) {
    case 'script':
      return typeof RTCRtpScriptTransform === 'function' && 'transform' in RTCRtpSender.prototype;
    case 'streams':
      return hasEncodedStreams(RTCRtpSender.prototype);
  }
}

/** From now on its frames go to the worker, or nowhere. Throws an EncryptionError where the browser does not do it. */
export function transformByScript(worker: Worker, end: TrackEnd, ref: TrackRef): void {
  try {
    end.transform = new RTCRtpScriptTransform(worker, ref);
  } catch (cause) {
    throw refused(cause);
  }
}

/** Streams that nobody reads carry nothing on. Throws an EncryptionError where the browser does not give any. */
export function streamsOf(end: TrackEnd): FrameStreams<unknown> {
  try {
    if (hasEncodedStreams(end)) return end.createEncodedStreams();
  } catch (cause) {
    throw refused(cause);
  }
  throw refused(undefined);
}

function refused(cause: unknown): EncryptionError {
  return new EncryptionError('unsupported', 'The browser does not let the frames of a track be transformed.', {
    cause,
  });
}
