/** Who sees and hears whom. Pure. */
import type { ReceivedVideo, SentLayer, Snapshot } from './probe.ts';

/** Of the frames that the sender encodes, a viewer has to decode this share. */
const LEAST_DECODED_SHARE = 0.8;
/** Of the samples that a viewer plays, fewer than this share may be made up. Nobody sends silence as nothing (DTX). */
const MOST_CONCEALED_SHARE = 0.02;

/** One page's counters at two moments. */
export interface Interval {
  name: string;
  before: Snapshot;
  after: Snapshot;
}

/** A verdict and what it rests on. */
export interface Judgement {
  passed: boolean;
  /** For people. */
  because: string;
}

export interface Pair {
  sender: string;
  viewer: string;
  video: Judgement;
  audio: Judgement;
}

/** Judges every ordered pair of pages. */
export function judgePairs(pages: readonly Interval[]): Pair[] {
  return pages.flatMap(viewer =>
    pages
      .filter(sender => sender !== viewer)
      .map(sender => ({
        sender: sender.name,
        viewer: viewer.name,
        video: judgeVideo(sender, viewer),
        audio: judgeAudio(sender, viewer),
      })),
  );
}

function judgeVideo(sender: Interval, viewer: Interval): Judgement {
  const [earlier, later] = [viewer.before, viewer.after].map(({ video }) => ofSender(video, sender));
  if (earlier === undefined || later === undefined) return refusal('no video arrives');
  const decoded = perSecond(earlier, later, ({ framesDecoded }) => framesDecoded);
  const size = `${later.width}x${later.height}`;
  const layer = sender.after.sent.find(({ width, height }) => width === later.width && height === later.height);
  const began = sender.before.sent.find(({ rid }) => rid === layer?.rid);
  if (layer === undefined || began === undefined) return refusal(`sees ${size}, which the sender does not encode`);
  const encoded = perSecond(began, layer, ({ framesEncoded }) => framesEncoded);
  return {
    passed: encoded > 0 && decoded > 0 && decoded >= LEAST_DECODED_SHARE * encoded,
    because: `decodes ${decoded.toFixed(1)} of ${encoded.toFixed(1)} frames/s of ${size}`,
  };
}

function judgeAudio(sender: Interval, viewer: Interval): Judgement {
  const [earlier, later] = [viewer.before, viewer.after].map(({ audio }) => ofSender(audio, sender));
  if (earlier === undefined || later === undefined) return refusal('no audio arrives');
  const energy = later.energy - earlier.energy;
  const samples = later.samples - earlier.samples;
  const share = samples > 0 ? (later.concealed - earlier.concealed) / samples : 1;
  return {
    passed: energy > 0 && share < MOST_CONCEALED_SHARE,
    because: `${energy > 0 ? 'sound' : 'no sound'}, ${(share * 100).toFixed(1)} % concealed`,
  };
}

function ofSender<T extends { streamId: string }>(received: readonly T[], sender: Interval): T | undefined {
  return received.find(({ streamId }) => sender.after.publishedStreams.includes(streamId));
}

function perSecond<T extends SentLayer | ReceivedVideo>(earlier: T, later: T, count: (counters: T) => number): number {
  return later.at > earlier.at ? ((count(later) - count(earlier)) * 1_000) / (later.at - earlier.at) : 0;
}

function refusal(because: string): Judgement {
  return { passed: false, because };
}

/** How many pairs have a medium, and a sentence for each that has not. */
export function countPairs(pairs: readonly Pair[], medium: 'audio' | 'video'): { passed: number; missing: string[] } {
  const failed = pairs.filter(pair => !pair[medium].passed);
  return {
    passed: pairs.length - failed.length,
    missing: failed.map(pair => `${medium} of ${pair.sender} at ${pair.viewer}: ${pair[medium].because}`),
  };
}
