import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Shown } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import { type CallModel, OWN_KEY, type Tile } from './call-model.ts';
import { decryptionWords, KEY_WAIT_MS } from './decryption-words.ts';
import { FiguresOverlay, OwnFiguresOverlay } from './figures-view.tsx';
import { type Rect, wholeIn } from './grid.ts';
import { Icon } from './icons.tsx';
import { useLasting } from './lasting.ts';
import { Picture, Sound } from './media-element.tsx';
import type { Stage, StageButton } from './stage-choice.ts';
import { AwaitingKey, Initials, Undecryptable } from './tile-covers.tsx';
import { TileFrame } from './tile-frame.tsx';
import { waitingWords } from './waiting-words.ts';

/** px. Smaller tiles have room for why they cannot be decrypted, or for statistics. */
const ROOM_FOR_BOTH = { width: 280, height: 260 };

/** What a tile needs of a call. */
export type TileModel = Pick<
  CallModel,
  'floor' | 'loudspeaker' | 'loudspeakerFailed' | 'pinned' | 'speaker' | 'speaking' | 'statistics'
> & { call: Pick<CallModel['call'], 'mark' | 'show'> };

/** Somebody else. */
export function TileView({
  model,
  tile,
  rect,
  staged,
  button,
  onBlocked,
}: {
  model: TileModel;
  tile: Tile;
  rect: Rect | undefined;
  /** Why it is large; `undefined` where it is not. */
  staged: Stage['by'] | undefined;
  button: StageButton | undefined;
  onBlocked: () => void;
}): JSX.Element {
  const { stream, name, screen } = tile;
  const { streamId, videoTrackId, cannotDecrypt } = stream;
  const seen = useSignal<MediaStreamTrack | undefined>(undefined);
  // Whoever speaks fills the stage; what was picked, or is to be read, is seen whole.
  const whole = screen || staged === 'pin';
  const enlarged = staged !== undefined;
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

  // A key that is a moment late is no trouble: until then the last picture stands, if there is one.
  const keyIsLate = useLasting(cannotDecrypt === 'no_key', KEY_WAIT_MS);
  const sealed = cannotDecrypt !== undefined && (cannotDecrypt !== 'no_key' || keyIsLate) ? cannotDecrypt : undefined;
  const track = sealed === undefined ? stream.video?.track : undefined;
  const hasPicture = track !== undefined && !stream.videoMuted;
  const waiting = hasPicture ? waitingWords(stream.granted) : undefined;
  const unshown = stream.videoMuted ? undefined : stream.undecodable;
  const speaking = model.speaking.value.has(tile.key);
  const { holder } = model.floor.value.state;
  const holdsFloor = !screen && holder?.userId === stream.userId && holder.deviceId === stream.deviceId;
  const hasWord = holdsFloor || model.speaker.value === tile.key;
  const title = screen ? `Screen of ${name}` : name;
  const sealedWords = sealed === undefined ? undefined : decryptionWords(sealed, name);
  const awaitsKey = cannotDecrypt === 'no_key' && !keyIsLate;
  const hasRoom = rect !== undefined && rect.width >= ROOM_FOR_BOTH.width && rect.height >= ROOM_FOR_BOTH.height;
  const isMeasured = model.statistics.isOpen.value && (sealed === undefined || hasRoom);
  const states = [
    stream.audioMuted && !screen ? 'microphone off' : '',
    hasPicture ? '' : 'no picture',
    waiting === undefined ? '' : waiting.label,
    unshown === undefined ? '' : `sent in ${unshown}, which this browser cannot show`,
    sealedWords === undefined ? '' : `cannot decrypt: ${sealedWords.reason}`,
    awaitsKey ? 'waiting for the key' : '',
  ].filter(Boolean);
  const cover = (): JSX.Element | null => {
    if (sealedWords !== undefined) return <Undecryptable words={sealedWords} />;
    const hasSeen = hasPicture && unshown === undefined && seen.value === track;
    if (hasSeen) return null;
    return awaitsKey ? <AwaitingKey /> : <Initials name={title} unshown={unshown} />;
  };
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
      button={button}
      onButton={() => {
        model.pinned.value = button?.pins;
      }}
      voice={hasWord}
      audioMuted={stream.audioMuted && !screen}
      cover={cover()}
      overlay={isMeasured ? <FiguresOverlay model={model} tile={tile} /> : null}
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
      {stream.audio === undefined ? null : (
        <Sound
          track={stream.audio.track}
          silenced={cannotDecrypt !== undefined}
          loudspeaker={model.loudspeaker.value}
          onBlocked={onBlocked}
          onNoLoudspeaker={() => model.loudspeakerFailed()}
        />
      )}
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
  void app.media.changes.value;
  const { capture } = app.media;
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
      voice={hasWord}
      audioMuted={capture.audioMuted}
      button={undefined}
      cover={track === undefined ? <Initials name="You" unshown={undefined} /> : null}
      overlay={
        model.statistics.isOpen.value ? (
          <OwnFiguresOverlay model={model} screenTrackId={capture.screen?.video.id} />
        ) : null
      }
    >
      <Picture track={track} mirrored />
    </TileFrame>
  );
}
