import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Shown } from '../kit/index.ts';
import type { Rect } from './grid.ts';
import { Icon } from './icons.tsx';
import { useShown } from './shown-tile.ts';
import type { StageButton } from './stage-choice.ts';

/** Where on the colour circle somebody's tile lies: cool colours only, so that all belong together. */
function hueOf(userId: string): number {
  let sum = 7;
  for (const character of userId) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return 165 + (sum % 90);
}

export interface FrameProps {
  rect: Rect | undefined;
  label: string;
  name: string;
  userId: string;
  streamId: string | undefined;
  classes: string[];
  audioMuted: boolean;
  button: StageButton | undefined;
  onButton?: () => void;
  /** Size in device px, or hidden. */
  onShown?: (shown: Shown) => void;
  children: ComponentChildren;
  /** In place of a picture. */
  cover?: ComponentChildren;
  /** Above all but the name. */
  overlay?: ComponentChildren;
  /** Has the word. */
  voice?: boolean;
}

/** One tile: its place, its name, and its button. What is in it comes from outside. */
export function TileFrame(props: FrameProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const { rect, button } = props;
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
      {props.cover}
      {props.overlay}
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
      {button === undefined ? null : (
        <button
          class="icon-button tile-button"
          type="button"
          aria-pressed={button.pressed}
          aria-label={button.label}
          title={button.label}
          onClick={() => props.onButton?.()}
        >
          <Icon name={button.icon} size={18} />
        </button>
      )}
    </div>
  );
}
