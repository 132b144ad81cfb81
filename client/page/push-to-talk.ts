/** The talk key of the page: what presses it, and what the person is told of the floor. */
import type { FloorState, TalkKey } from '../kit/index.ts';

/** What the person is told of the floor. */
export function wordsForFloor(
  { holder, you, position = 1, until }: FloorState,
  nameOf: (userId: string) => string,
): string {
  const speaker = holder === undefined ? undefined : nameOf(holder.userId);
  switch (you) {
    case 'holder':
      return until === undefined ? 'You are heard' : 'You are heard. Somebody waits';
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

/** What a finger holds. */
export type HeldButton = EventTarget & Pick<Element, 'setPointerCapture'>;

/** Lets the space bar press the key while it is held. Returns how to stop. */
export function watchSpaceBar(source: KeySource, key: TalkKey): () => void {
  const hold = new Hold(source, key);
  const { document } = source;
  const down = (event: Event): void => {
    if (!isSpace(event) || !isFree(event)) return;
    // It would scroll the page, or press a button that was clicked before.
    event.preventDefault();
    hold.begin();
  };
  const release = (event: Event): void => {
    if (!hold.lasts || !isSpace(event)) return;
    event.preventDefault();
    hold.end();
  };
  document.addEventListener('keydown', down, hold);
  document.addEventListener('keyup', release, hold);
  return () => hold.stop();
}

/** Lets one finger, or the main button of a mouse, press the key while it is down on the button. Returns how to stop. */
export function watchPointer(source: KeySource, button: HeldButton, key: TalkKey): () => void {
  const hold = new Hold(source, key);
  let pointer: number | undefined;
  const down = (event: Event): void => {
    if (!isPointer(event) || event.button !== 0 || hold.lasts) return;
    pointer = event.pointerId;
    // The finger may slide off: it still holds the button.
    button.setPointerCapture(pointer);
    hold.begin();
  };
  const up = (event: Event): void => {
    if (isPointer(event) && event.pointerId === pointer) hold.end();
  };
  button.addEventListener('pointerdown', down, hold);
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) button.addEventListener(end, up, hold);
  // Phones open a menu on a long press, and end the press with it.
  button.addEventListener('contextmenu', event => event.preventDefault(), hold);
  return () => hold.stop();
}

/** A key that is held: it comes up, too, where that happens elsewhere and is not seen here. */
class Hold {
  readonly #key: TalkKey;
  readonly #stopping = new AbortController();
  #lasts = false;

  constructor({ document, window }: KeySource, key: TalkKey) {
    this.#key = key;
    window.addEventListener('blur', () => this.end(), this);
    document.addEventListener('visibilitychange', () => document.hidden && this.end(), this);
  }

  /** Ends listeners that are added with it as their options. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get lasts(): boolean {
    return this.#lasts;
  }

  begin(): void {
    if (this.#lasts) return;
    this.#lasts = true;
    this.#key.press();
  }

  end(): void {
    if (!this.#lasts) return;
    this.#lasts = false;
    this.#key.release();
  }

  stop(): void {
    this.end();
    this.#stopping.abort();
  }
}

function isSpace(event: Event): event is KeyboardEvent {
  return 'key' in event && event.key === ' ';
}

function isPointer(event: Event): event is PointerEvent {
  return 'pointerId' in event;
}

/** Whether nothing else waits for the key: not a field, not a control that was reached by keyboard. */
function isFree({ target, ctrlKey, metaKey, altKey, defaultPrevented }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || defaultPrevented) return false;
  if (target === null || !('closest' in target)) return true;
  const element = target as Element;
  if (element.closest('input, select, textarea, [contenteditable], dialog[open]') !== null) return false;
  return element.closest('#talk') !== null || element.closest(':is(button, a):focus-visible') === null;
}
