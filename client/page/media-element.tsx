import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { playOn } from '../kit/index.ts';

/** Plays one video track, silently. `onFrame`: its first frame is on the screen. */
export function Picture({
  track,
  mirrored = false,
  contain = false,
  onFrame,
}: {
  track: MediaStreamTrack | undefined;
  mirrored?: boolean;
  contain?: boolean;
  onFrame?: () => void;
}): JSX.Element {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (video === null) return;
    video.srcObject = track === undefined ? null : new MediaStream([track]);
    if (track === undefined) return;
    const waiting = video.requestVideoFrameCallback(() => onFrame?.());
    return () => video.cancelVideoFrameCallback(waiting);
  }, [track]);
  const classes = ['picture', mirrored ? 'picture-mirrored' : '', contain ? 'picture-contain' : ''];
  return <video ref={element} class={classes.join(' ').trim()} autoplay playsInline muted />;
}

/**
 * Plays one audio track. `silenced`: nothing of it is to be heard. `loudspeaker`: device id, `''` for the system's choice.
 * `onBlocked`: the browser wants a click first.
 */
export function Sound({
  track,
  silenced,
  loudspeaker,
  onBlocked,
  onNoLoudspeaker,
}: {
  track: MediaStreamTrack;
  silenced: boolean;
  loudspeaker: string;
  onBlocked: () => void;
  onNoLoudspeaker: () => void;
}): JSX.Element {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const audio = element.current;
    if (audio === null) return;
    audio.srcObject = new MediaStream([track]);
    audio.play().catch((thrown: unknown) => {
      if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') onBlocked();
    });
    return () => {
      audio.srcObject = null;
    };
  }, [track]);
  useEffect(() => {
    if (element.current !== null) playOn(element.current, loudspeaker).catch(onNoLoudspeaker);
  }, [loudspeaker]);
  return <audio ref={element} autoplay muted={silenced} />;
}

/** Starts every sound that the browser held back; to be called on a click. */
export function playAllSounds(): void {
  for (const audio of document.querySelectorAll('audio')) audio.play().catch(() => undefined);
}
