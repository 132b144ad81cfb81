import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Shown } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import { type CallModel, OWN_KEY, type Tile } from './call-model.ts';
import type { Rect } from './grid.ts';
import { Icon } from './icons.tsx';
import { Picture, Sound } from './media-element.tsx';

/** Where on the colour circle somebody's tile lies: cool colours only, so that all belong together. */
function hueOf(userId: string): number {
  let sum = 7;
  for (const character of userId) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return 165 + (sum % 90);
}

function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map(word => [...word][0]?.toUpperCase() ?? '')
    .join('');
}

interface FrameProps {
  rect: Rect | undefined;
  label: string;
  name: string;
  userId: string;
  streamId: string | undefined;
  classes: string[];
  enlarged: boolean;
  audioMuted: boolean;
  onEnlarge: (() => void) | undefined;
  /** Size in device px, or hidden. */
  onShown?: (shown: Shown) => void;
  children: ComponentChildren;
  /** No picture: initials instead. */
  blank: boolean;
}

function TileFrame(props: FrameProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const { onShown } = props;
  const report = useRef(onShown);
  report.current = onShown;
  useEffect(() => {
    const tile = element.current;
    if (tile === null) return;
    let inView = true;
    const tell = (): void => {
      const { clientWidth, clientHeight } = tile;
      const visible = inView && clientWidth > 0 && clientHeight > 0;
      const ratio = window.devicePixelRatio;
      report.current?.(visible ? { width: clientWidth * ratio, height: clientHeight * ratio } : 'hidden');
    };
    const sizes = new ResizeObserver(tell);
    const views = new IntersectionObserver(
      entries => {
        inView = entries.at(-1)?.isIntersecting ?? true;
        tell();
      },
      { root: tile.closest('.grid'), rootMargin: '160px' },
    );
    sizes.observe(tile);
    views.observe(tile);
    return () => {
      sizes.disconnect();
      views.disconnect();
    };
  }, [onShown === undefined]);

  const { rect } = props;
  const style =
    rect === undefined
      ? { display: 'none' }
      : {
          transform: `translate(${rect.x}px, ${rect.y}px)`,
          width: `${rect.width}px`,
          height: `${rect.height}px`,
          '--hue': hueOf(props.userId),
        };
  const small = rect !== undefined && Math.min(rect.width, rect.height) < 130;
  return (
    <div
      ref={element}
      class={['tile', small ? 'tile-small' : '', ...props.classes].filter(Boolean).join(' ')}
      style={style}
      role="group"
      data-stream={props.streamId}
      aria-label={props.label}
    >
      {props.children}
      {props.blank ? (
        <div class="tile-blank" aria-hidden="true">
          <span class="avatar">{initialsOf(props.name)}</span>
        </div>
      ) : null}
      <div class="tile-label">
        {props.audioMuted ? (
          <span class="tile-muted" title="Microphone off">
            <Icon name="microphoneOff" size={15} />
          </span>
        ) : null}
        <span class="tile-name">{props.name}</span>
      </div>
      {props.onEnlarge === undefined ? null : (
        <button
          class="icon-button tile-button"
          type="button"
          aria-pressed={props.enlarged}
          aria-label={props.enlarged ? `Show ${props.name} among the others` : `Enlarge ${props.name}`}
          onClick={props.onEnlarge}
        >
          <Icon name={props.enlarged ? 'shrink' : 'enlarge'} size={18} />
        </button>
      )}
    </div>
  );
}

/** Somebody else. */
export function TileView({
  model,
  tile,
  rect,
  enlarged,
  onEnlarge,
  onBlocked,
}: {
  model: CallModel;
  tile: Tile;
  rect: Rect | undefined;
  enlarged: boolean;
  onEnlarge: (() => void) | undefined;
  onBlocked: () => void;
}): JSX.Element {
  const { stream, name, screen } = tile;
  const { streamId, videoTrackId } = stream;
  const seen = useSignal<MediaStreamTrack | undefined>(undefined);
  const track = stream.video?.track;
  const shown = useRef<Shown | undefined>(undefined);
  // The same tile may come to show another stream: whoever joins again gets new ids.
  useEffect(() => {
    if (videoTrackId !== undefined && shown.current !== undefined) {
      model.call.show(streamId, videoTrackId, shown.current);
    }
  }, [streamId, videoTrackId]);

  const hasPicture = track !== undefined && !stream.videoMuted;
  const speaking = model.speaking.value.has(tile.key);
  const title = screen ? `Screen of ${name}` : name;
  const states = [stream.audioMuted && !screen ? 'microphone off' : '', hasPicture ? '' : 'no picture'].filter(Boolean);
  return (
    <TileFrame
      rect={rect}
      label={[title, ...states].join(', ')}
      name={title}
      userId={stream.userId}
      streamId={streamId}
      classes={[speaking ? 'tile-speaking' : '', screen ? 'tile-screen' : '']}
      enlarged={enlarged}
      audioMuted={stream.audioMuted && !screen}
      onEnlarge={onEnlarge}
      blank={!hasPicture || seen.value !== track}
      onShown={value => {
        shown.current = value;
        if (videoTrackId !== undefined) model.call.show(streamId, videoTrackId, value);
      }}
    >
      <Picture
        track={track}
        contain={screen || enlarged}
        onFrame={() => {
          model.call.mark('firstFrameAt');
          seen.value = track;
        }}
      />
      {stream.audio === undefined ? null : <Sound track={stream.audio.track} onBlocked={onBlocked} />}
    </TileFrame>
  );
}

/** Ourselves, as in a mirror. */
export function OwnTile({
  app,
  model,
  rect,
  overlaid,
}: {
  app: AppModel;
  model: CallModel;
  rect: Rect | undefined;
  overlaid: boolean;
}): JSX.Element {
  // Read for its effect: the capture is no signal.
  void app.captureChanges.value;
  const { capture } = app;
  const track = capture.videoTrack;
  return (
    <TileFrame
      rect={rect}
      label={`You${capture.audioMuted ? ', microphone off' : ''}`}
      name="You"
      userId={model.room.self.userId}
      streamId={undefined}
      classes={[model.speaking.value.has(OWN_KEY) ? 'tile-speaking' : '', overlaid ? 'tile-overlaid' : '', 'tile-own']}
      enlarged={false}
      audioMuted={capture.audioMuted}
      onEnlarge={undefined}
      blank={track === undefined}
    >
      <Picture track={track} mirrored />
    </TileFrame>
  );
}
