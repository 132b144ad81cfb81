/** The recordings beside this file; each is read when it is first asked for. */
import { readFileSync } from 'node:fs';
import { readIvf, type VideoFrame } from './ivf.ts';
import { readOggOpus } from './ogg.ts';

/** Width and height in px. */
export interface FrameSize {
  width: number;
  height: number;
}

/** Encoded pictures to be shown over and over. */
export interface VideoLoop {
  frames: readonly VideoFrame[];
  /** Positions of keyframes, rising; the first is 0. */
  keyframes: readonly number[];
}

/** One moving picture in several sizes, lowest first, with keyframes at the same places. */
export interface SimulcastRecording {
  layers: readonly VideoLoop[];
  /** Of the highest layer. */
  size: FrameSize;
  framesPerSecond: number;
}

export const RECORDED_SIZE: FrameSize = { width: 640, height: 360 };
export const LIGHT_SIZE: FrameSize = { width: 64, height: 64 };
/** Length of an Opus packet in ms. */
export const VOICE_PACKET_MS = 20;

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function file(name: string): Buffer {
  return readFileSync(new URL(name, import.meta.url));
}

function loop(name: string): VideoLoop {
  const frames = readIvf(file(name));
  const keyframes = frames.flatMap(({ isKeyframe }, position) => (isKeyframe ? [position] : []));
  if (keyframes[0] !== 0) throw new Error(`${name} does not begin with a keyframe`);
  return { frames, keyframes };
}

/** 160x90, 320x180 and 640x360 px at 15 frames/s. */
export const simulcastRecording = once((): SimulcastRecording => {
  const layers = ['q.ivf', 'h.ivf', 'f.ivf'].map(loop);
  if (new Set(layers.map(({ keyframes }) => keyframes.join())).size !== 1) {
    throw new Error('the layers have their keyframes at different places: run make.sh');
  }
  return { layers, size: RECORDED_SIZE, framesPerSecond: 15 };
});

/** Opus packets of VOICE_PACKET_MS. */
export const voiceRecording = once((): readonly Buffer[] => readOggOpus(file('voice.ogg')));

/** 64x64 px, a frame in a packet. */
export const lightRecording = once((): VideoLoop => loop('camera-64x64.ivf'));
