import type { JSX } from 'preact';
import type { AppModel } from './app-model.ts';
import type { CallModel } from './call-model.ts';
import { Icon, type IconName } from './icons.tsx';
import type { ShownKind } from './room-rules.ts';

/** What a person does most, below the pictures. */
export function CallControls({
  app,
  model,
  openDevices,
}: {
  app: AppModel;
  model: CallModel;
  openDevices: () => void;
}): JSX.Element {
  void app.media.changes.value;
  const { capture } = app.media;
  const mayNot = (kind: ShownKind): boolean => app.media.refusal(kind) !== undefined;
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
          act={() => app.media.toggleMicrophone()}
        />
      )}
      {mayNot('video') ? null : (
        <Control
          id="camera"
          icon={capture.videoMuted ? 'cameraOff' : 'camera'}
          off={capture.videoMuted}
          text={capture.videoMuted ? 'Start camera' : 'Stop camera'}
          shortcut="v"
          act={() => app.media.toggleCamera()}
        />
      )}
      {canShare && !mayNot('screen') ? (
        <Control
          id="screen"
          icon={capture.screen === undefined ? 'screen' : 'screenOff'}
          active={capture.screen !== undefined}
          text={capture.screen === undefined ? 'Share screen' : 'Stop sharing'}
          shortcut="s"
          act={() => app.media.toggleScreen()}
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
