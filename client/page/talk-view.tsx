import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { CallModel } from './call-model.ts';
import { Icon } from './icons.tsx';
import { watchSpaceBar, wordsForFloor } from './push-to-talk.ts';

/** The talk button, with who speaks above it. */
export function TalkBar({ model }: { model: CallModel }): JSX.Element {
  useEffect(() => watchSpaceBar({ document, window }, model.talk), [model]);
  const { state, pressed, speaks } = model.floor.value;
  const { room } = model;
  const { holder } = state;
  const isOther = holder !== undefined && state.you !== 'holder';
  const classes = ['control', 'talk', speaks ? 'control-active' : '', pressed && !speaks ? 'talk-waiting' : ''];
  return (
    <div class="talk-bar">
      <p class="talk-words" role="status">
        {wordsForFloor(state, userId => room.nameOf(userId))}
      </p>
      {isOther && room.mayModerateFloor ? (
        <button id="revoke" class="button button-quiet" type="button" onClick={() => model.call.floor?.revoke()}>
          {`Silence ${room.nameOf(holder.userId)}`}
        </button>
      ) : null}
      <button
        id="talk"
        class={classes.filter(Boolean).join(' ')}
        type="button"
        title="Hold to talk (space bar)"
        aria-keyshortcuts="Space"
        aria-pressed={pressed}
        onPointerDown={event => {
          if (event.button !== 0) return;
          // The finger may slide off: it still holds the button.
          event.currentTarget.setPointerCapture(event.pointerId);
          model.talk.press();
        }}
        onPointerUp={() => model.talk.release()}
        onLostPointerCapture={() => model.talk.release()}
        onContextMenu={event => event.preventDefault()}
      >
        <Icon name={speaks ? 'microphone' : 'microphoneOff'} />
        <span>{speaks ? 'Speak now' : pressed ? 'Wait…' : 'Hold to talk'}</span>
      </button>
    </div>
  );
}
