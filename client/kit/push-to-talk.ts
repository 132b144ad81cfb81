/** Push-to-talk: where the room has a floor, the microphone is on while we hold it, and only then. */
import type { Call } from './call.ts';
import type { Capture } from './capture.ts';

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
