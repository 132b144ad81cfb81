/** A call that a host shows: it is told when we join and leave and how our devices are, and may ask for that. */
import { effect, type Signal } from '@preact/signals';
import type { CallState, Capture } from '../../kit/index.ts';
import type { HostActions, OwnDevices } from './host-actions.ts';

/** What of the page it needs. */
export interface HostedPage {
  readonly media: {
    readonly capture: Pick<Capture, 'audioMuted' | 'videoMuted'>;
    readonly changes: Signal<number>;
    toggleMicrophone(): void;
    toggleCamera(): void;
  };
  readonly inCall: boolean;
  join(): void;
  leave(): void;
}

/** Returns what ends it. */
export function serveHost(host: HostActions, page: HostedPage, state: Signal<CallState>): () => void {
  const { media } = page;
  const devices = (): OwnDevices => ({
    audio_enabled: !media.capture.audioMuted,
    video_enabled: !media.capture.videoMuted,
  });
  let isIn = false;
  let told = '';
  const stops = [
    host.listen({
      join: () => {
        if (!page.inCall) page.join();
      },
      hangUp: () => page.leave(),
      switchDevices: ({ audio_enabled: audio, video_enabled: video }) => {
        if (audio === media.capture.audioMuted) media.toggleMicrophone();
        if (video === media.capture.videoMuted) media.toggleCamera();
        return devices();
      },
    }),
    effect(() => {
      const { kind } = state.value;
      if (kind === 'connected' && !isIn) {
        isIn = true;
        host.joined();
      }
      if ((kind === 'left' || kind === 'ended') && isIn) {
        isIn = false;
        // After our goodbyes to the room, which are sent in this turn: the host may close the frame at once.
        setTimeout(() => host.left(), 0);
      }
    }),
    effect(() => {
      void media.changes.value;
      const now = devices();
      if (JSON.stringify(now) === told) return;
      told = JSON.stringify(now);
      host.devices(now);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
