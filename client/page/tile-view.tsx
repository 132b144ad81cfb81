import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Shown } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import { type CallModel, OWN_KEY, type Tile } from './call-model.ts';
import { type Rect, wholeIn } from './grid.ts';
import { Icon } from './icons.tsx';
import { Picture, Sound } from './media-element.tsx';
import { useShown } from './shown-tile.ts';
import { waitingWords } from './waiting-words.ts';

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
  /** What the picture is sent in, where that is why there is none. */
  unshown?: string | undefined;
  /** Has the word. */
  voice?: boolean;
}

function TileFrame(props: FrameProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const { rect } = props;
  useShown(element, rect, props.onShown);
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
          {props.unshown === undefined ? null : <Unshown codec={props.unshown} />}
        </div>
      ) : null}
      <div class="tile-label">
        {props.audioMuted ? (
          <span class="tile-muted" title="Microphone off">
            <Icon name="microphoneOff" size={15} />
          </span>
        ) : null}
        {props.voice === true ? (
          <span class="tile-voice" title="Speaks">
            <Icon name="voice" size={15} />
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

/** Why there is no picture; small tiles have room for the codec alone. The tile's label says it, too. */
function Unshown({ codec }: { codec: string }): JSX.Element {
  return (
    <p class="tile-unshown" title={`Sent in ${codec}, which this browser cannot show`}>
      <Icon name="cameraOff" size={18} />
      <span>
        Sent in {codec}
        <span class="tile-unshown-more">, which this browser cannot show</span>
      </span>
    </p>
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
  const whole = screen || enlarged;
  /** Size of the tile. */
  const shown = useRef<Shown | undefined>(undefined);
  const tellShown = (): void => {
    const { current } = shown;
    if (videoTrackId === undefined || current === undefined) return;
    // A picture with edges beside it needs fewer pixels than its tile has.
    const drawn = current === 'hidden' || !whole ? current : wholeIn(current, stream);
    model.call.show(streamId, videoTrackId, drawn === 'hidden' || !enlarged ? drawn : { ...drawn, pinned: true });
  };
  // The same tile may come to show another stream: whoever joins again gets new ids.
  useEffect(tellShown, [streamId, videoTrackId, stream.width, stream.height, whole, enlarged]);

  const hasPicture = track !== undefined && !stream.videoMuted;
  const { granted } = stream;
  const waiting = hasPicture ? waitingWords(granted) : undefined;
  const unshown = stream.videoMuted ? undefined : stream.undecodable;
  const speaking = model.speaking.value.has(tile.key);
  const { holder } = model.floor.value.state;
  const holdsFloor = !screen && holder?.userId === stream.userId && holder.deviceId === stream.deviceId;
  const hasWord = holdsFloor || model.speaker.value === tile.key;
  const title = screen ? `Screen of ${name}` : name;
  const states = [
    stream.audioMuted && !screen ? 'microphone off' : '',
    hasPicture ? '' : 'no picture',
    waiting === undefined ? '' : waiting.label,
    unshown === undefined ? '' : `sent in ${unshown}, which this browser cannot show`,
  ].filter(Boolean);
  return (
    <TileFrame
      rect={rect}
      label={[title, ...states].join(', ')}
      name={title}
      userId={stream.userId}
      streamId={streamId}
      classes={[
        speaking ? 'tile-speaking' : '',
        hasWord ? 'tile-voiced' : '',
        screen ? 'tile-screen' : '',
        waiting === undefined ? '' : 'tile-waiting',
      ]}
      enlarged={enlarged}
      voice={hasWord}
      audioMuted={stream.audioMuted && !screen}
      onEnlarge={onEnlarge}
      blank={!hasPicture || unshown !== undefined || seen.value !== track}
      unshown={unshown}
      onShown={value => {
        shown.current = value;
        tellShown();
      }}
    >
      <Picture
        track={track}
        contain={whole}
        onFrame={() => {
          model.call.mark('firstFrameAt');
          seen.value = track;
        }}
      />
      {stream.audio === undefined ? null : <Sound track={stream.audio.track} onBlocked={onBlocked} />}
      {waiting === undefined ? null : (
        <span class="tile-sign" title={waiting.title}>
          <Icon name="waiting" size={15} />
          <span class="tile-sign-text">{waiting.sign}</span>
        </span>
      )}
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
  const hasWord = model.floor.value.speaks;
  return (
    <TileFrame
      rect={rect}
      label={`You${capture.audioMuted ? ', microphone off' : ''}`}
      name="You"
      userId={model.room.self.userId}
      streamId={undefined}
      classes={[
        model.speaking.value.has(OWN_KEY) ? 'tile-speaking' : '',
        hasWord ? 'tile-voiced' : '',
        overlaid ? 'tile-overlaid' : '',
        'tile-own',
      ]}
      enlarged={false}
      voice={hasWord}
      audioMuted={capture.audioMuted}
      onEnlarge={undefined}
      blank={track === undefined}
    >
      <Picture track={track} mirrored />
    </TileFrame>
  );
}
