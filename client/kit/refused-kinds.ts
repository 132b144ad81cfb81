/** What the room does not let us publish. */
import type { CallRoom } from './call-room.ts';
import type { Capture } from './capture.ts';

/** Switches off what nobody would get: no camera is lit, and no microphone open, for nothing. */
export function switchOffRefused(
  room: Pick<CallRoom, 'mayPublish'>,
  capture: Pick<Capture, 'audioMuted' | 'setAudioMuted' | 'video' | 'setVideoMuted' | 'screen' | 'stopScreen'>,
): void {
  if (!capture.audioMuted && !room.mayPublish('audio')) capture.setAudioMuted(true);
  if (capture.video.kind !== 'off' && !room.mayPublish('video')) capture.setVideoMuted(true);
  if (capture.screen !== undefined && !room.mayPublish('screen')) capture.stopScreen();
}
