/** What a tile shows in place of a picture. All of it is in the tile's label, too. */
import type { JSX } from 'preact';
import type { DecryptionWords } from './decryption-words.ts';
import { Icon } from './icons.tsx';

function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map(word => [...word][0]?.toUpperCase() ?? '')
    .join('');
}

/** Somebody whose camera is off, or does not come yet. `unshown`: the codec that this browser cannot show. */
export function Initials({ name, unshown }: { name: string; unshown: string | undefined }): JSX.Element {
  return (
    <div class="tile-blank" aria-hidden="true">
      <span class="avatar">{initialsOf(name)}</span>
      {unshown === undefined ? null : <Unshown codec={unshown} />}
    </div>
  );
}

/** Why there is no picture; small tiles have room for the codec alone. */
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

/** Somebody whose frames cannot be opened. No initials: nothing here comes from them for certain. */
export function Undecryptable({ words }: { words: DecryptionWords }): JSX.Element {
  return (
    <div class="tile-sealed" title={`Cannot decrypt. ${words.reason}`} aria-hidden="true">
      <span class="tile-sealed-sign">
        <Icon name="lockBroken" size={28} />
      </span>
      <p class="tile-sealed-title">Cannot decrypt</p>
      <p class="tile-sealed-short">{words.short}</p>
      <p class="tile-sealed-reason">{words.reason}</p>
    </div>
  );
}

/** The key is on its way: no alarm. */
export function AwaitingKey(): JSX.Element {
  return (
    <div class="tile-sealed tile-sealed-calm" aria-hidden="true">
      <span class="tile-sealed-sign">
        <Icon name="lock" size={28} />
      </span>
      <p class="tile-sealed-short">Waiting for the key…</p>
    </div>
  );
}
