/** What load peers send, for the judge: sizes and measured bitrates. */
import {
  LIGHT_SIZE,
  lightRecording,
  simulcastRecording,
  VOICE_PACKET_MS,
  voiceRecording,
} from '../media/recordings.ts';
import type { LayerInfo } from './result.ts';

const RIDS = ['q', 'h', 'f'];
const LIGHT_FRAMES_PER_SECOND = 10;

/** Of the recorded camera, lowest first. */
export function recordedLayers(): LayerInfo[] {
  const { layers, size, framesPerSecond } = simulcastRecording();
  return layers.map(({ frames }, index) => {
    const shrunk = 2 ** (layers.length - 1 - index);
    const bytes = frames.reduce((sum, { data }) => sum + data.length, 0);
    return {
      rid: RIDS[index] ?? String(index),
      widthPx: size.width / shrunk,
      heightPx: size.height / shrunk,
      bitrateBps: Math.round((bytes * 8 * framesPerSecond) / frames.length),
    };
  });
}

/** Of a camera that costs next to nothing. */
export function lightLayers(): LayerInfo[] {
  const { frames } = lightRecording();
  const bytes = frames.reduce((sum, { data }) => sum + data.length, 0);
  return [
    {
      rid: 'only',
      widthPx: LIGHT_SIZE.width,
      heightPx: LIGHT_SIZE.height,
      bitrateBps: Math.round((bytes * 8 * LIGHT_FRAMES_PER_SECOND) / frames.length),
    },
  ];
}

/** Of the recorded voice, bit/s. */
export function voiceBps(): number {
  const packets = voiceRecording();
  const bytes = packets.reduce((sum, packet) => sum + packet.length, 0);
  return Math.round((bytes * 8_000) / (packets.length * VOICE_PACKET_MS));
}
