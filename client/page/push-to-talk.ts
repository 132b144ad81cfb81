/** Push-to-talk: where the room has a floor, the microphone is on while we hold it, and only then. */
import type { Call, Capture, FloorState } from '../kit/index.ts';

/** What a talk button presses. */
export interface TalkKey {
  press(): void;
  release(): void;
}

export interface TalkOptions {
  call: Pick<Call, 'floor'>;
  capture: Pick<Capture, 'audioMuted' | 'setAudioMuted'>;
  /** Whether the room has a floor, and we are in its call. */
  isOn: () => boolean;
  /** The key was pressed, or came up. */
  changed: () => void;
}

export class PushToTalk implements TalkKey {
  readonly #options: TalkOptions;

  constructor(options: TalkOptions) {
    this.#options = options;
  }

  press(): void {
    const { call, isOn, changed } = this.#options;
    if (isOn()) call.floor?.press();
    changed();
  }

  release(): void {
    const { call, changed } = this.#options;
    call.floor?.release();
    changed();
  }

  /** To be called whenever call or room have changed. Where there is no floor, the microphone is its person's own. */
  follow(): void {
    const { call, capture, isOn } = this.#options;
    if (!isOn()) {
      call.floor?.release();
      return;
    }
    const muted = call.floor?.speaks !== true;
    if (muted !== capture.audioMuted) capture.setAudioMuted(muted);
  }
}

/** What the person is told of the floor. */
export function wordsForFloor({ holder, you, position = 1 }: FloorState, nameOf: (userId: string) => string): string {
  const speaker = holder === undefined ? undefined : nameOf(holder.userId);
  switch (you) {
    case 'holder':
      return 'You are heard';
    case 'queued':
      return `${speaker === undefined ? '' : `${speaker} speaks. `}${position === 1 ? 'You are next' : `${position - 1} before you`}`;
    case 'none':
      return speaker === undefined ? 'Nobody speaks' : `${speaker} speaks`;
  }
}

/** Where the page's key strokes come from; both are of the browser. */
export interface KeySource {
  document: EventTarget & { readonly hidden: boolean };
  window: EventTarget;
}

/** Lets the space bar press the key while it is held. Returns how to stop. */
export function watchSpaceBar({ document, window }: KeySource, key: TalkKey): () => void {
  let isDown = false;
  const up = (): void => {
    if (!isDown) return;
    isDown = false;
    key.release();
  };
  const down = (event: Event): void => {
    if (!isSpace(event) || !isFree(event)) return;
    // It would scroll the page, or press a button that was clicked before.
    event.preventDefault();
    if (isDown) return;
    isDown = true;
    key.press();
  };
  const release = (event: Event): void => {
    if (!isDown || !isSpace(event)) return;
    event.preventDefault();
    up();
  };
  // What comes up elsewhere is not seen here.
  const hide = (): void => {
    if (document.hidden) up();
  };
  document.addEventListener('keydown', down);
  document.addEventListener('keyup', release);
  document.addEventListener('visibilitychange', hide);
  window.addEventListener('blur', up);
  return () => {
    up();
    document.removeEventListener('keydown', down);
    document.removeEventListener('keyup', release);
    document.removeEventListener('visibilitychange', hide);
    window.removeEventListener('blur', up);
  };
}

function isSpace(event: Event): event is KeyboardEvent {
  return 'key' in event && event.key === ' ';
}

/** Whether nothing else waits for the key: not a field, not a control that was reached by keyboard. */
function isFree({ target, ctrlKey, metaKey, altKey, defaultPrevented }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || defaultPrevented) return false;
  if (target === null || !('closest' in target)) return true;
  const element = target as Element;
  if (element.closest('input, select, textarea, [contenteditable], dialog[open]') !== null) return false;
  return element.closest('#talk') !== null || element.closest(':is(button, a):focus-visible') === null;
}
