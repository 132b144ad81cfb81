import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { CallModel, ShownFloor } from './call-model.ts';
import { Icon } from './icons.tsx';
import { watchPointer, watchSpaceBar, wordsForFloor } from './push-to-talk.ts';

/** The talk button, with who speaks beside it. */
export function TalkBar({ model }: { model: CallModel }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const source = { document, window };
    const stops = [watchSpaceBar(source, model.talk)];
    if (button.current !== null) stops.push(watchPointer(source, button.current, model.talk));
    return () => stops.forEach(stop => stop());
  }, [model]);
  const { state, pressed, speaks } = model.floor.value;
  const { room } = model;
  const { holder } = state;
  const isOther = holder !== undefined && state.you !== 'holder';
  return (
    <div class="talk-bar">
      <p class={`talk-words${holder === undefined ? ' soft' : ''}`} role="status">
        {holder === undefined ? null : (
          <span class="talk-sign">
            <Icon name="voice" size={18} />
          </span>
        )}
        {wordsForFloor(state, userId => room.nameOf(userId))}
      </p>
      <button
        ref={button}
        id="talk"
        class={`control talk talk-${lookOf(model.floor.value)}`}
        type="button"
        title="Hold to talk (space bar)"
        aria-keyshortcuts="Space"
        aria-pressed={pressed}
      >
        <Icon name={speaks ? 'microphone' : pressed ? 'waiting' : 'microphoneOff'} size={26} />
        <span>{speaks ? 'Speak now' : pressed ? 'Wait…' : 'Hold to talk'}</span>
        {pressed ? null : <kbd class="talk-key">space</kbd>}
      </button>
      {isOther && room.mayModerateFloor ? (
        <button id="revoke" class="button talk-revoke" type="button" onClick={() => model.call.floor?.revoke()}>
          {`Silence ${room.nameOf(holder.userId)}`}
        </button>
      ) : null}
    </div>
  );
}

function lookOf({ state, pressed, speaks }: ShownFloor): 'speaking' | 'waiting' | 'taken' | 'free' {
  if (speaks) return 'speaking';
  if (pressed) return 'waiting';
  return state.holder === undefined ? 'free' : 'taken';
}
