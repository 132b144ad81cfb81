/** What the page says of encryption: the lock, its panel, and tiles that cannot be decrypted. */
import { signal } from '@preact/signals';
import { parseHTML } from 'linkedom';
import { type JSX, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CannotDecrypt, EncryptionState, KeyHolder, RemoteStream } from '../kit/index.ts';
import { problem } from '../kit/index.ts';
import { CallStatistics } from './call-statistics.ts';
import { decryptionWords, KEY_WAIT_MS } from './decryption-words.ts';
import { EncryptionLock, EncryptionMeaning } from './encryption-view.tsx';
import { codeGroups, countHolders, listHolders, lockWords, marksInWords, spokenCode } from './encryption-words.ts';
import { type TileModel, TileView } from './tile-view.tsx';

const SELF = { userId: '@ana:x', deviceId: 'ANADEV' };
const nameOf = (userId: string): string => userId.slice(1, -2);

function holder(userId: string, deviceId: string, verified: boolean | undefined): KeyHolder {
  return { userId, deviceId, verified };
}

const OWN = holder(SELF.userId, SELF.deviceId, true);
const on = (...holders: KeyHolder[]): EncryptionState => ({ kind: 'on', code: '1234 5678', holders });

describe('the lock', () => {
  it('is open where the call is not encrypted, and broken where we cannot', () => {
    expect(lockWords({ kind: 'off' }, SELF)).toMatchObject({ look: 'open', short: 'Not encrypted' });
    expect(lockWords({ kind: 'unavailable', problem: problem('UNEXPECTED') }, SELF).look).toBe('broken');
  });

  it('says that everybody is verified only where all others are known to be', () => {
    const look = (...others: KeyHolder[]): string => lockWords(on(OWN, ...others), SELF).look;
    expect(look(holder('@bo:x', 'B', true))).toBe('checked');
    expect(look(holder('@bo:x', 'B', true), holder('@bo:x', 'B2', false))).toBe('closed');
    expect(look(holder('@bo:x', 'B', undefined))).toBe('closed');
    expect(look()).toBe('closed');
    // Of ourselves nobody has to ask.
    expect(lockWords(on({ ...OWN, verified: false }, holder('@bo:x', 'B', true)), SELF).look).toBe('checked');
  });
});

describe('the devices that hold keys', () => {
  it('are listed with ours first and those of a person together', () => {
    const listed = listHolders(
      [holder('@cy:x', 'C', false), holder('@bo:x', 'B2', undefined), OWN, holder('@bo:x', 'B1', true)],
      SELF,
      nameOf,
    );
    expect(listed.map(({ holder: { deviceId }, mark }) => [deviceId, mark])).toEqual([
      ['ANADEV', 'self'],
      ['B1', 'verified'],
      ['B2', 'unknown'],
      ['C', 'unverified'],
    ]);
    expect(countHolders(listed)).toBe('4, of them 1 not verified');
  });

  it('that are not ours are not taken for ours, whatever they are called', () => {
    const [listed] = listHolders([holder('@ana:x', 'OTHER', false)], SELF, nameOf);
    expect(listed?.mark).toBe('unverified');
  });

  it('are summed up in a sentence', () => {
    const sum = (...others: KeyHolder[]): string => marksInWords(listHolders([OWN, ...others], SELF, nameOf));
    expect(sum()).toContain('alone');
    expect(sum(holder('@bo:x', 'B', true))).toContain('verified everybody');
    expect(sum(holder('@bo:x', 'B', true), holder('@cy:x', 'C', false))).toContain('nobody has confirmed');
    expect(sum(holder('@bo:x', 'B', undefined), holder('@cy:x', 'C', false))).toContain('does not tell');
  });
});

it('the code is read digit by digit', () => {
  expect(codeGroups(' 1234  5678 ')).toEqual(['1234', '5678']);
  expect(spokenCode('12 34')).toBe('1 2, 3 4');
});

const REASONS: CannotDecrypt[] = ['no_key', 'not_authentic', 'clear', 'codec', 'replayed', 'truncated'];

it('each reason that a tile cannot be decrypted has words of its own, with the name', () => {
  const words = REASONS.map(reason => decryptionWords(reason, 'Bo'));
  expect(new Set(words.map(({ short }) => short)).size).toBe(REASONS.length);
  for (const { reason } of words) expect(reason).toContain('Bo');
});

/** Shows it in a document without a browser; gives where. */
function show(what: JSX.Element): HTMLElement {
  const { document } = parseHTML('<!doctype html><html><body><div id="app"></div></body></html>');
  const place = document.getElementById('app');
  if (place === null) throw new Error('no place');
  render(what, place);
  return place;
}

describe('the panel', () => {
  const panel = (state: EncryptionState): string =>
    show(<EncryptionMeaning state={state} self={SELF} nameOf={nameOf} />).textContent;

  it('has the code in groups, and each device with its mark', () => {
    const place = show(
      <EncryptionMeaning state={on(OWN, holder('@bo:x', 'BODEV', false))} self={SELF} nameOf={nameOf} />,
    );
    expect([...place.querySelectorAll('.code-group')].map(({ textContent }) => textContent)).toEqual(['1234', '5678']);
    expect(place.querySelector('.code-groups')?.getAttribute('aria-label')).toBe('1 2 3 4, 5 6 7 8');
    const rows = [...place.querySelectorAll('li')].map(({ textContent }) => textContent);
    expect(rows[0]).toMatch(/ana.*ANADEV.*This device/);
    expect(rows[1]).toMatch(/bo.*BODEV.*Not verified/);
  });

  it('shows no code where there is none yet', () => {
    const place = show(
      <EncryptionMeaning state={{ kind: 'on', code: undefined, holders: [OWN] }} self={SELF} nameOf={nameOf} />,
    );
    expect(place.querySelector('.code-group')).toBeNull();
    expect(place.textContent).toContain('once the keys');
  });

  it('says who could listen where the call is not encrypted, and what to do where we cannot', () => {
    expect(panel({ kind: 'off' })).toContain('whoever runs it could see and hear');
    expect(panel({ kind: 'unavailable', problem: problem('UNEXPECTED', '', 'Use another browser.') })).toContain(
      'Use another browser.',
    );
  });

  it('is opened by the lock, whose label says what it means', () => {
    const place = show(<EncryptionLock state={{ kind: 'off' }} self={SELF} nameOf={nameOf} />);
    const opened: unknown[] = [];
    const dialog = place.querySelector('dialog');
    if (dialog !== null) dialog.showModal = () => void opened.push('modal');
    const lock = place.querySelector<HTMLButtonElement>('#lock');
    expect(lock?.getAttribute('aria-label')).toContain('Not end-to-end encrypted');
    lock?.click();
    expect(opened).toEqual(['modal']);
  });
});

/** Tracks and elements of a browser, as far as a tile needs them. */
class FakeTrack {
  readonly kind: string;
  constructor(kind: string) {
    this.kind = kind;
  }
}
class FakeMediaStream {
  readonly tracks: unknown[];
  constructor(tracks: unknown[]) {
    this.tracks = tracks;
  }
}
class FakeObserver {
  observe(): void {}
  disconnect(): void {}
}

describe('a tile', () => {
  let place: HTMLElement;

  beforeEach(() => {
    vi.useFakeTimers();
    const { document, window } = parseHTML('<!doctype html><html><body><div id="app"></div></body></html>');
    Object.assign(window.HTMLElement.prototype, {
      requestVideoFrameCallback: (call: () => void) => setTimeout(call, 1),
      cancelVideoFrameCallback: (id: number) => clearTimeout(id),
      play: async () => undefined,
    });
    vi.stubGlobal('document', document);
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    vi.stubGlobal('MediaStream', FakeMediaStream);
    vi.stubGlobal('IntersectionObserver', FakeObserver);
    const found = document.getElementById('app');
    if (found === null) throw new Error('no place');
    place = found;
  });

  afterEach(() => {
    render(null, place);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const model: TileModel = {
    call: { mark: () => undefined, show: () => undefined },
    floor: signal({ state: { kind: 'floor', holder: undefined, you: 'none' }, pressed: false, speaks: false }),
    loudspeaker: signal(''),
    loudspeakerFailed: () => undefined,
    pinned: signal(undefined),
    speaker: signal(undefined),
    speaking: signal(new Set()),
    statistics: new CallStatistics({ connection: () => undefined, tiles: () => [] }),
  };
  const tracks = { audio: new FakeTrack('audio'), video: new FakeTrack('video') };

  function bound(kind: 'audio' | 'video'): RemoteStream['video'] {
    // A tile hands tracks on, and looks into none.
    return { track: tracks[kind] as MediaStreamTrack, receiver: {} as RTCRtpReceiver, mid: kind };
  }

  async function draw(cannotDecrypt: CannotDecrypt | undefined): Promise<void> {
    const stream: RemoteStream = {
      userId: '@bo:x',
      deviceId: 'BODEV',
      streamId: 's',
      purpose: 'm.usermedia',
      audioMuted: false,
      videoMuted: false,
      audioTrackId: 'a',
      videoTrackId: 'v',
      width: 640,
      height: 360,
      audio: bound('audio'),
      video: bound('video'),
      granted: undefined,
      undecodable: undefined,
      encryption: 'sframe',
      cannotDecrypt,
    };
    render(
      <TileView
        model={model}
        tile={{ key: 'bo', name: 'Bo', stream, screen: false }}
        rect={{ x: 0, y: 0, width: 320, height: 180 }}
        staged={undefined}
        button={undefined}
        onBlocked={() => undefined}
      />,
      place,
    );
    await vi.advanceTimersByTimeAsync(150);
  }

  const label = (): string => place.querySelector('.tile')?.getAttribute('aria-label') ?? '';
  const isShown = (): boolean => (place.querySelector('video')?.srcObject ?? null) !== null;
  // A browser has a property for it, this document an attribute.
  const isHeard = (): boolean => place.querySelector('audio[muted]') === null && place.querySelector('audio') !== null;

  it('that is decrypted shows picture and sound', async () => {
    await draw(undefined);
    expect([label(), isShown(), isHeard()]).toEqual(['Bo', true, true]);
    expect(place.querySelector('.tile-sealed, .tile-blank')).toBeNull();
  });

  it.each(REASONS.filter(reason => reason !== 'no_key'))(
    'says at once that it is %s, and shows nothing',
    async reason => {
      await draw(undefined);
      await draw(reason);
      expect([isShown(), isHeard()]).toEqual([false, false]);
      expect(place.querySelector('.tile-sealed-title')?.textContent).toBe('Cannot decrypt');
      expect(label()).toContain(decryptionWords(reason, 'Bo').reason);
      expect(place.querySelector('.tile-name')?.textContent).toBe('Bo');
      // No initials: they would say that Bo is here.
      expect(place.querySelector('.avatar')).toBeNull();
    },
  );

  it('raises no alarm while the key is on its way, and one when it stays away', async () => {
    await draw('no_key');
    expect(label()).toContain('waiting for the key');
    expect(place.querySelector('.tile-sealed-title')).toBeNull();
    expect(isHeard()).toBe(false);
    await vi.advanceTimersByTimeAsync(KEY_WAIT_MS);
    expect(place.querySelector('.tile-sealed-title')).not.toBeNull();
    expect(isShown()).toBe(false);
    expect(label()).toContain('key has not arrived');
  });

  it('does not count waits together', async () => {
    for (let round = 0; round < 4; round += 1) {
      await draw('no_key');
      await vi.advanceTimersByTimeAsync(KEY_WAIT_MS / 2);
      expect(place.querySelector('.tile-sealed-title')).toBeNull();
      await draw(undefined);
    }
    expect([label(), isShown(), isHeard()]).toEqual(['Bo', true, true]);
  });
});
