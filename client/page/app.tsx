import { useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import type { AppModel } from './app-model.ts';
import type { CallModel } from './call-model.ts';
import { CallView } from './call-view.tsx';
import { Wordmark } from './icons.tsx';
import { ShutView } from './embedded/shut-view.tsx';
import { LobbyView } from './lobby-view.tsx';
import { Notices } from './notices.tsx';
import { River } from './river.tsx';
import { RoomsView } from './rooms-view.tsx';
import { useShortcuts } from './shortcuts.ts';
import { SignInView } from './sign-in-view.tsx';

export function App({ app }: { app: AppModel }): JSX.Element {
  useShortcuts(app);
  return (
    <>
      <View app={app} />
      <Notices messages={app.messages} />
    </>
  );
}

function View({ app }: { app: AppModel }): JSX.Element {
  const screen = app.screen.value;
  switch (screen.kind) {
    case 'loading':
      return (
        <main class="gate">
          <River />
          <div class="gate-card gate-wait" role="status">
            <Wordmark large />
            <p class="soft">{screen.what}…</p>
          </div>
        </main>
      );
    case 'signIn':
      return <SignInView app={app} />;
    case 'rooms':
      return <RoomsView app={app} />;
    case 'shut':
      return <ShutView app={app} />;
    case 'room':
      return <RoomView key={screen.model.room.roomId} app={app} model={screen.model} />;
  }
}

function RoomView({ app, model }: { app: AppModel; model: CallModel }): JSX.Element {
  useSignalEffect(() => {
    const { kind } = model.state.value;
    document.title = `${model.room.name ?? 'Call'} · weir`;
    if (kind === 'left' || kind === 'ended') app.media.rest();
    if (kind === 'connected') app.messages.announce('Connected.');
    if (kind === 'reconnecting') app.messages.announce('The connection is interrupted.');
  });
  switch (model.state.value.kind) {
    case 'idle':
    case 'left':
    case 'ended':
      return <LobbyView app={app} model={model} />;
    case 'joining':
    case 'connected':
    case 'reconnecting':
      return <CallView app={app} model={model} />;
  }
}
