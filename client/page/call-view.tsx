import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { CallState, Problem } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import { CallControls } from './call-controls.tsx';
import { CallMenu } from './call-menu.tsx';
import type { CallModel } from './call-model.ts';
import { ConnectionNoteView } from './connection-note.tsx';
import { connectionNote, homeserverAlarm, shortWords } from './connection-words.ts';
import { DevicePickers } from './devices.tsx';
import { EncryptionLock } from './encryption-view.tsx';
import { CopyLink, GridView } from './grid-view.tsx';
import { Icon, Wordmark } from './icons.tsx';
import { rulesInWords } from './room-rules.ts';
import { Sheet } from './sheet.tsx';
import { TalkBar } from './talk-view.tsx';

export function CallView({ app, model }: { app: AppModel; model: CallModel }): JSX.Element {
  const devices = useRef<HTMLDialogElement>(null);
  void model.changes.value;
  const state = model.state.value;
  const count = new Set(model.tiles.value.map(({ stream }) => `${stream.userId} ${stream.deviceId}`)).size + 1;
  const circumstances = { signalling: model.signalling.value, homeserver: model.room.trouble };
  const problem = problemOfState(state) ?? homeserverAlarm(state, circumstances);
  const note = connectionNote(state, circumstances);
  const rules = app.inCall ? rulesInWords(model.room) : undefined;
  return (
    <main class="call">
      <header class="call-bar">
        <Wordmark />
        <h1 class="call-name">{model.room.name ?? 'Call'}</h1>
        <ConnectionState state={state} />
        <EncryptionLock
          state={model.encryption.value}
          self={model.room.self}
          nameOf={userId => model.room.nameOf(userId)}
        />
        <span class="call-count" title={`${count} in the call`}>
          <Icon name="person" size={16} />
          <span class="unseen">In the call: </span>
          {count}
        </span>
        <ArrangementSwitch app={app} model={model} />
        <CopyLink app={app} />
        <CallMenu app={app} model={model} />
      </header>
      {problem === undefined ? null : (
        <p class="call-problem" role="alert">
          <strong>{problem.title}.</strong> {problem.remedy}
        </p>
      )}
      <div class="stage">
        <GridView app={app} model={model} />
        {note === undefined ? null : <ConnectionNoteView note={note} />}
      </div>
      {model.hasFloor.value && app.media.refusal('audio') === undefined ? <TalkBar model={model} /> : null}
      {rules === undefined ? null : (
        <p id="rules" class="room-rules" role="status">
          <Icon name="eye" size={18} />
          <span>{rules}</span>
        </p>
      )}
      <CallControls app={app} model={model} openDevices={() => devices.current?.showModal()} />
      <Sheet sheet={devices} id="device-sheet" title="Devices">
        <DevicePickers app={app} model={model} full />
      </Sheet>
    </main>
  );
}

function problemOfState(state: CallState): Problem | undefined {
  return state.kind === 'joining' || state.kind === 'reconnecting' ? state.problem : undefined;
}

/** The state in words, under a line of water that is as calm as the connection. */
function ConnectionState({ state }: { state: CallState }): JSX.Element {
  return (
    <div class={`waterline waterline-${state.kind}`} id="connection" role="status">
      <svg viewBox="0 0 48 10" width="48" height="10" aria-hidden="true" focusable="false">
        <path class="waterline-calm" d="M1 5H47" />
        <path
          class="waterline-wave"
          d="M-15 5c4 0 4-3.5 8-3.5S-3 5 1 5s4-3.5 8-3.5S13 5 17 5s4-3.5 8-3.5S29 5 33 5s4-3.5 8-3.5S45 5 49 5s4-3.5 8-3.5S61 5 65 5"
        />
      </svg>
      <span>{shortWords(state)}</span>
    </div>
  );
}

/** All alike, or whoever speaks large. */
function ArrangementSwitch({ app, model }: { app: AppModel; model: CallModel }): JSX.Element {
  const isGallery = model.arrangement.value === 'gallery';
  const text = isGallery ? 'Speaker view' : 'Gallery';
  return (
    <button
      id="arrangement"
      class="bar-button"
      type="button"
      title={`${text} (l)`}
      aria-keyshortcuts="l"
      onClick={() => app.messages.announce(model.switchArrangement())}
    >
      <Icon name={isGallery ? 'speakerView' : 'gallery'} size={20} />
      <span class="bar-text">{text}</span>
    </button>
  );
}
