/** Push-to-talk in the page: the key, the microphone, the words; and what the room does not let us send. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { FloorState } from '../kit/index.ts';
import { FloorKey } from '../kit/floor.ts';
import type { ControlMessage } from '../kit/wire.ts';
import { PushToTalk } from '../kit/push-to-talk.ts';
import { switchOffRefused } from '../kit/refused-kinds.ts';
import { watchPointer, watchSpaceBar, wordsForFloor } from './push-to-talk.ts';
import { refusalOf, rulesInWords } from './room-rules.ts';

const ANA = { userId: '@ana:example.org', deviceId: 'ANADEV' };
const BO = { userId: '@bo:example.org', deviceId: 'BODEV' };

/** A microphone that only remembers whether it is muted. */
class FakeCapture {
  audioMuted = false;

  setAudioMuted(muted: boolean): void {
    this.audioMuted = muted;
  }
}

describe('the microphone', () => {
  let isOn: boolean;
  let said: ControlMessage['kind'][];
  let capture: FakeCapture;
  let floor: FloorKey;
  let talk: PushToTalk;

  beforeEach(() => {
    isOn = true;
    said = [];
    capture = new FakeCapture();
    floor = new FloorKey(({ kind }) => void said.push(kind));
    talk = new PushToTalk({ call: { floor }, capture, isOn: () => isOn, changed: () => talk.follow() });
    return () => floor.close();
  });

  function tell(state: Omit<FloorState, 'kind'>): void {
    floor.take({ kind: 'floor', ...state });
    talk.follow();
  }

  it('is off until the floor is ours', () => {
    talk.follow();
    expect(capture.audioMuted).toBe(true);
    talk.press();
    tell({ holder: BO, you: 'queued', position: 1 });
    expect(capture.audioMuted).toBe(true);
    tell({ holder: ANA, you: 'holder' });
    expect(capture.audioMuted).toBe(false);
  });

  it('goes off with the key, before the focus answers', () => {
    talk.press();
    tell({ holder: ANA, you: 'holder' });
    talk.release();
    expect(capture.audioMuted).toBe(true);
    expect(said).toEqual(['floor_request', 'floor_release']);
  });

  it('goes off where a moderator takes the floor', () => {
    talk.press();
    tell({ holder: ANA, you: 'holder' });
    tell({ holder: undefined, you: 'none' });
    expect(capture.audioMuted).toBe(true);
  });

  it('is its person’s own where there is no floor', () => {
    isOn = false;
    talk.press();
    expect([said, capture.audioMuted]).toEqual([[], false]);
  });

  it('is let go of where the room gives the floor up', () => {
    talk.press();
    isOn = false;
    talk.follow();
    expect(said).toEqual(['floor_request', 'floor_release']);
  });
});

describe('the space bar', () => {
  class FakeKey extends Event {
    readonly key: string;
    readonly ctrlKey: boolean;
    readonly metaKey = false;
    readonly altKey = false;

    constructor(type: 'keydown' | 'keyup', key = ' ', ctrlKey = false) {
      super(type, { cancelable: true });
      this.key = key;
      this.ctrlKey = ctrlKey;
    }
  }

  /** A document whose events come from an element that matches some selectors. */
  class FakeDocument extends EventTarget {
    hidden = false;
    matches: string[] = [];

    closest(selectors: string): object | null {
      // Commas in brackets are the selector's own.
      return selectors.split(/, (?![^(]*\))/).some(one => this.matches.includes(one)) ? {} : null;
    }
  }

  let document: FakeDocument;
  let window: EventTarget;
  let keys: string[];
  let stop: () => void;

  beforeEach(() => {
    document = new FakeDocument();
    window = new EventTarget();
    keys = [];
    stop = watchSpaceBar(
      { document, window },
      { press: () => void keys.push('press'), release: () => void keys.push('release') },
    );
    return () => stop();
  });

  function down(...key: [key?: string, ctrl?: boolean]): FakeKey {
    const event = new FakeKey('keydown', ...key);
    document.dispatchEvent(event);
    return event;
  }

  it('talks while it is held, however often it repeats', () => {
    down();
    down();
    expect(keys).toEqual(['press']);
    document.dispatchEvent(new FakeKey('keyup'));
    expect(keys).toEqual(['press', 'release']);
  });

  it('neither scrolls nor clicks meanwhile', () => {
    expect(down().defaultPrevented).toBe(true);
    expect(down().defaultPrevented, 'when it repeats').toBe(true);
  });

  it.each(['input', 'textarea', 'select', '[contenteditable]', 'dialog[open]', ':is(button, a):focus-visible'])(
    'is left to %s',
    selector => {
      document.matches = [selector];
      expect(down().defaultPrevented).toBe(false);
      expect(keys).toEqual([]);
    },
  );

  it('works on the talk button, also where that was reached by keyboard', () => {
    document.matches = ['#talk', ':is(button, a):focus-visible'];
    down();
    expect(keys).toEqual(['press']);
  });

  it('is no other key, and no shortcut of the system', () => {
    down('a');
    down(' ', true);
    expect(keys).toEqual([]);
  });

  it.each([
    ['the window loses the focus', () => window.dispatchEvent(new Event('blur'))],
    [
      'the page is hidden',
      () => {
        document.hidden = true;
        document.dispatchEvent(new Event('visibilitychange'));
      },
    ],
    ['the talk button goes', () => stop()],
  ])('comes up where %s', (_, happens) => {
    down();
    happens();
    expect(keys).toEqual(['press', 'release']);
  });

  it('stays down where the page is shown', () => {
    down();
    document.dispatchEvent(new Event('visibilitychange'));
    expect(keys).toEqual(['press']);
  });

  it('says nothing once nobody listens', () => {
    stop();
    down();
    expect(keys).toEqual([]);
  });
});

describe('a finger on the talk button', () => {
  class FakePointer extends Event {
    readonly pointerId: number;
    readonly button: number;

    constructor(type: string, pointerId = 1, button = 0) {
      super(type, { cancelable: true });
      this.pointerId = pointerId;
      this.button = button;
    }
  }

  class FakeButton extends EventTarget {
    captured: number[] = [];

    setPointerCapture(pointerId: number): void {
      this.captured.push(pointerId);
    }
  }

  let button: FakeButton;
  let document: EventTarget & { hidden: boolean };
  let window: EventTarget;
  let keys: string[];
  let stop: () => void;

  beforeEach(() => {
    button = new FakeButton();
    document = Object.assign(new EventTarget(), { hidden: false });
    window = new EventTarget();
    keys = [];
    const key = { press: () => void keys.push('press'), release: () => void keys.push('release') };
    stop = watchPointer({ document, window }, button, key);
    return () => stop();
  });

  it('talks while it is down, also where it slides off', () => {
    button.dispatchEvent(new FakePointer('pointerdown', 7));
    expect([keys, button.captured]).toEqual([['press'], [7]]);
    button.dispatchEvent(new FakePointer('pointerup', 7));
    button.dispatchEvent(new FakePointer('lostpointercapture', 7));
    expect(keys).toEqual(['press', 'release']);
  });

  it('is one: a second neither presses nor lets go', () => {
    button.dispatchEvent(new FakePointer('pointerdown', 1));
    button.dispatchEvent(new FakePointer('pointerdown', 2));
    button.dispatchEvent(new FakePointer('pointerup', 2));
    expect(keys).toEqual(['press']);
  });

  it('is no other button of the mouse', () => {
    button.dispatchEvent(new FakePointer('pointerdown', 1, 2));
    expect(keys).toEqual([]);
  });

  it('opens no menu, however long it is down', () => {
    const menu = new FakePointer('contextmenu');
    button.dispatchEvent(menu);
    expect(menu.defaultPrevented).toBe(true);
  });

  it.each([
    ['the system takes the pointer', () => button.dispatchEvent(new FakePointer('pointercancel'))],
    ['the capture is lost', () => button.dispatchEvent(new FakePointer('lostpointercapture'))],
    ['the window loses the focus', () => window.dispatchEvent(new Event('blur'))],
    [
      'the page is hidden',
      () => {
        document.hidden = true;
        document.dispatchEvent(new Event('visibilitychange'));
      },
    ],
    ['the button goes', () => stop()],
  ])('lets go where %s', (_, happens) => {
    button.dispatchEvent(new FakePointer('pointerdown'));
    happens();
    expect(keys).toEqual(['press', 'release']);
    button.dispatchEvent(new FakePointer('pointerup'));
    expect(keys).toEqual(['press', 'release']);
  });
});

describe('the words', () => {
  it.each<[Omit<FloorState, 'kind'>, string]>([
    [{ holder: undefined, you: 'none' }, 'Nobody speaks'],
    [{ holder: BO, you: 'none' }, 'bo speaks'],
    [{ holder: ANA, you: 'holder' }, 'You are heard'],
    [{ holder: ANA, you: 'holder', until: 60_000 }, 'You are heard. Somebody waits'],
    [{ holder: BO, you: 'queued', position: 1 }, 'bo speaks. You are next'],
    [{ holder: BO, you: 'queued', position: 3 }, 'bo speaks. 2 before you'],
  ])('for %j', (state, words) => {
    expect(wordsForFloor({ kind: 'floor', ...state }, userId => userId.slice(1).split(':')[0] ?? '')).toBe(words);
  });
});

describe('what the room does not let us send', () => {
  const onlyData = { mayPublish: (kind: string) => kind === 'data' };
  const all = { mayPublish: () => true };

  it('is said by its button', () => {
    expect(refusalOf(onlyData, 'audio')).toBe('Only moderators may speak here');
    expect(refusalOf(all, 'audio')).toBeUndefined();
  });

  it('is said in one sentence', () => {
    const onlyAudio = { mayPublish: (kind: string) => kind === 'audio' };
    expect(rulesInWords(all)).toBeUndefined();
    expect(rulesInWords(onlyAudio)).toBe('Only moderators may show a camera or share a screen here.');
    expect(rulesInWords(onlyData)).toBe('You are watching. Only moderators may speak or show anything here.');
  });

  it('is switched off, and all else stays on', () => {
    const off: string[] = [];
    const capture = {
      audioMuted: false,
      setAudioMuted: (muted: boolean) => void off.push(`audio ${muted}`),
      video: { kind: 'starting' } as const,
      setVideoMuted: (muted: boolean) => void off.push(`video ${muted}`),
      screen: { video: new EventTarget() as MediaStreamTrack, audio: undefined },
      stopScreen: () => void off.push('screen'),
    };
    switchOffRefused(all, capture);
    expect(off).toEqual([]);
    switchOffRefused(onlyData, capture);
    expect(off).toEqual(['audio true', 'video true', 'screen']);
  });
});
