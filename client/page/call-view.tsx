import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { CallState, Problem } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import type { CallModel } from './call-model.ts';
import { ConnectionNoteView } from './connection-note.tsx';
import { connectionNote, homeserverAlarm, shortWords } from './connection-words.ts';
import { DevicePickers, LevelMeter } from './devices.tsx';
import { CopyLink, GridView } from './grid-view.tsx';
import { Icon, type IconName, Wordmark } from './icons.tsx';
import { rulesInWords, type ShownKind } from './room-rules.ts';
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
        <span class="call-count" title={`${count} in the call`}>
          <Icon name="person" size={16} />
          <span class="unseen">In the call: </span>
          {count}
        </span>
        <CopyLink app={app} />
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
      {model.hasFloor.value && app.refusal('audio') === undefined ? <TalkBar model={model} /> : null}
      {rules === undefined ? null : (
        <p id="rules" class="room-rules" role="status">
          <Icon name="eye" size={18} />
          <span>{rules}</span>
        </p>
      )}
      <Controls app={app} model={model} openDevices={() => devices.current?.showModal()} />
      <dialog ref={devices} class="sheet" aria-labelledby="devices-title">
        <form method="dialog">
          <h2 id="devices-title">Camera and microphone</h2>
          <DevicePickers app={app} />
          <LevelMeter app={app} />
          <button class="button button-main" type="submit">
            Done
          </button>
        </form>
      </dialog>
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

function Controls({
  app,
  model,
  openDevices,
}: {
  app: AppModel;
  model: CallModel;
  openDevices: () => void;
}): JSX.Element {
  void app.captureChanges.value;
  const { capture } = app;
  const mayNot = (kind: ShownKind): boolean => app.refusal(kind) !== undefined;
  const canShare = 'mediaDevices' in navigator && 'getDisplayMedia' in navigator.mediaDevices;
  return (
    <div class="controls" role="toolbar" aria-label="Your call">
      {model.hasFloor.value || mayNot('audio') ? null : (
        <Control
          id="microphone"
          icon={capture.audioMuted ? 'microphoneOff' : 'microphone'}
          off={capture.audioMuted}
          text={capture.audioMuted ? 'Unmute' : 'Mute'}
          shortcut="m"
          act={() => app.toggleMicrophone()}
        />
      )}
      {mayNot('video') ? null : (
        <Control
          id="camera"
          icon={capture.videoMuted ? 'cameraOff' : 'camera'}
          off={capture.videoMuted}
          text={capture.videoMuted ? 'Start camera' : 'Stop camera'}
          shortcut="v"
          act={() => app.toggleCamera()}
        />
      )}
      {canShare && !mayNot('screen') ? (
        <Control
          id="screen"
          icon={capture.screen === undefined ? 'screen' : 'screenOff'}
          active={capture.screen !== undefined}
          text={capture.screen === undefined ? 'Share screen' : 'Stop sharing'}
          shortcut="s"
          act={() => app.toggleScreen()}
        />
      ) : null}
      <Control id="devices" icon="settings" text="Devices" act={openDevices} />
      <Control id="leave" icon="leave" leave text="Leave" act={() => app.leave()} />
    </div>
  );
}

function Control(props: {
  id: string;
  icon: IconName;
  text: string;
  shortcut?: string;
  off?: boolean;
  active?: boolean;
  leave?: boolean;
  act: () => void;
}): JSX.Element {
  const { id, icon, text, shortcut, off = false, active = false, leave = false, act } = props;
  const classes = ['control', off ? 'control-off' : '', active ? 'control-active' : '', leave ? 'control-leave' : ''];
  return (
    <button
      id={id}
      class={classes.filter(Boolean).join(' ')}
      type="button"
      title={shortcut === undefined ? text : `${text} (${shortcut})`}
      onClick={act}
      {...(shortcut === undefined ? {} : { 'aria-keyshortcuts': shortcut })}
    >
      <Icon name={icon} />
      <span class="control-text">{text}</span>
    </button>
  );
}

/** m, v and s, wherever the focus is but in fields. */
export function useShortcuts(app: AppModel): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const { target } = event;
      if (target instanceof Element && target.closest('input, select, textarea, dialog[open]')) return;
      if (app.screen.value.kind !== 'room') return;
      switch (event.key.toLowerCase()) {
        case 'm':
          app.toggleMicrophone();
          return;
        case 'v':
          app.toggleCamera();
          return;
        case 's':
          if (app.inCall) app.toggleScreen();
          return;
        default:
      }
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
