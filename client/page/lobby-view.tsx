import type { JSX } from 'preact';
import type { CallState, CaptureState, Problem } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import type { CallModel } from './call-model.ts';
import { DevicePickers, LevelMeter } from './devices.tsx';
import { CopyLink } from './grid-view.tsx';
import { Icon, Wordmark } from './icons.tsx';
import { Picture } from './media-element.tsx';
import { ProblemCard } from './problem-card.tsx';
import { River } from './river.tsx';

/** Before (and after) a call: who is there, and how one looks and sounds. */
export function LobbyView({ app, model }: { app: AppModel; model: CallModel }): JSX.Element {
  // Read for their effect: neither the capture nor the room is a signal.
  void app.media.changes.value;
  void model.changes.value;
  const { capture } = app.media;
  const { room } = model;
  const obstacle = room.obstacle;
  const blocked = obstacle !== undefined && obstacle.code !== 'FOCUS_NOT_IN_ROOM';
  const state = model.state.value;
  return (
    <main class="lobby">
      <River low />
      <header class="bar">
        <Wordmark />
        <div class="bar-side">
          <span class="bar-user">{room.self.userId}</span>
          {app.isEmbedded ? null : (
            <button class="button button-quiet" type="button" onClick={() => app.showRooms()}>
              <Icon name="back" size={18} />
              <span>Rooms</span>
            </button>
          )}
        </div>
      </header>
      <div class="lobby-columns">
        <section class="mirror" aria-label="Preview">
          <div class="mirror-picture">
            <Picture track={capture.videoTrack} mirrored />
            {capture.videoTrack === undefined ? <p class="mirror-words">{wordsFor(capture.video)}</p> : null}
            <div class="mirror-buttons">
              <button
                class={capture.audioMuted ? 'round round-off' : 'round'}
                type="button"
                aria-label={capture.audioMuted ? 'Turn the microphone on' : 'Turn the microphone off'}
                aria-keyshortcuts="m"
                onClick={() => app.media.toggleMicrophone()}
              >
                <Icon name={capture.audioMuted ? 'microphoneOff' : 'microphone'} />
              </button>
              <button
                class={capture.videoMuted ? 'round round-off' : 'round'}
                type="button"
                aria-label={capture.videoMuted ? 'Turn the camera on' : 'Turn the camera off'}
                aria-keyshortcuts="v"
                onClick={() => app.media.toggleCamera()}
              >
                <Icon name={capture.videoMuted ? 'cameraOff' : 'camera'} />
              </button>
            </div>
          </div>
          <LevelMeter app={app} />
          <DevicePickers app={app} model={model} />
        </section>
        <section class="doorway" aria-labelledby="room-name">
          <Greeting state={state} />
          <h1 id="room-name">{room.name ?? 'Call'}</h1>
          <p class="soft">{presence(room.devicesThere.map(({ userId }) => room.nameOf(userId)))}</p>
          <Problems app={app} model={model} obstacle={obstacle} />
          <div class="doorway-buttons">
            <button
              id="join"
              class="button button-main button-large"
              type="button"
              disabled={blocked}
              onClick={() => app.join()}
            >
              {state.kind === 'idle' ? 'Join' : 'Join again'}
            </button>
            <CopyLink app={app} />
          </div>
          <p class="keys">
            <kbd>m</kbd> microphone <kbd>v</kbd> camera <kbd>s</kbd> screen <kbd>l</kbd> layout
          </p>
        </section>
      </div>
    </main>
  );
}

function wordsFor(video: CaptureState): string {
  switch (video.kind) {
    case 'off':
      return 'Your camera is off';
    case 'starting':
      return 'Starting the camera…';
    case 'on':
      return '';
    case 'failed':
      return 'No picture from the camera';
  }
}

/** "Ana and Bo are in the call". */
function presence(names: string[]): string {
  const [first, ...others] = [...new Set(names)];
  if (first === undefined) return 'Nobody is in the call yet.';
  if (others.length === 0) return `${first} is in the call.`;
  if (others.length < 3) return `${[first, ...others].slice(0, -1).join(', ')} and ${others.at(-1)} are in the call.`;
  return `${first} and ${others.length} others are in the call.`;
}

function Greeting({ state }: { state: CallState }): JSX.Element | null {
  switch (state.kind) {
    case 'left':
      return <p class="greeting">You left the call.</p>;
    case 'ended':
      return <ProblemCard problem={state.problem} />;
    case 'idle':
    case 'joining':
    case 'connected':
    case 'reconnecting':
      return null;
  }
}

function Problems({
  app,
  model,
  obstacle,
}: {
  app: AppModel;
  model: CallModel;
  obstacle: Problem | undefined;
}): JSX.Element {
  const { audio, video } = app.media.capture;
  const failed = [video, audio].flatMap(state => (state.kind === 'failed' ? [state.problem] : []));
  const same = failed[0]?.code === failed[1]?.code;
  const trouble = model.room.trouble;
  return (
    <>
      {trouble === undefined ? null : <ProblemCard problem={trouble} />}
      {obstacle === undefined ? null : (
        <ProblemCard problem={obstacle}>
          {obstacle.code === 'CALL_FORBIDDEN' && model.room.mayAllowCalls ? (
            <button class="button" type="button" onClick={() => app.allowCalls()}>
              Allow calls for members
            </button>
          ) : null}
        </ProblemCard>
      )}
      {(same ? failed.slice(0, 1) : failed).map(problem => (
        <ProblemCard key={problem.detail} problem={same && failed.length > 1 ? { ...problem, detail: '' } : problem}>
          <button class="button" type="button" onClick={() => app.media.start('both')}>
            Try again
          </button>
        </ProblemCard>
      ))}
    </>
  );
}
