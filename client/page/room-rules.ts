/** What the room lets us publish, as the page keeps it: what we may not send is switched off, and the buttons say why. */
import type { CallRoom, Capture, PublishedKind } from '../kit/index.ts';

/** What has a button of its own. */
export type ShownKind = Exclude<PublishedKind, 'data'>;

const REFUSALS: Readonly<Record<ShownKind, string>> = {
  audio: 'Only moderators may speak here',
  video: 'Only moderators may show a camera here',
  screen: 'Only moderators may share a screen here',
};

/** What the button of the kind says instead; `undefined` where we may. */
export function refusalOf(room: Pick<CallRoom, 'mayPublish'>, kind: ShownKind): string | undefined {
  return room.mayPublish(kind) ? undefined : REFUSALS[kind];
}

/** Switches off what nobody would get: no camera is lit, and no microphone open, for nothing. */
export function switchOffRefused(
  room: Pick<CallRoom, 'mayPublish'>,
  capture: Pick<Capture, 'audioMuted' | 'setAudioMuted' | 'video' | 'setVideoMuted' | 'screen' | 'stopScreen'>,
): void {
  if (!capture.audioMuted && !room.mayPublish('audio')) capture.setAudioMuted(true);
  if (capture.video.kind !== 'off' && !room.mayPublish('video')) capture.setVideoMuted(true);
  if (capture.screen !== undefined && !room.mayPublish('screen')) capture.stopScreen();
}
