/** What we send of ourselves, and the buttons for it: microphone, camera, screen. */
import { type Signal, signal } from '@preact/signals';
import { Capture, type CaptureKind, type CaptureSize, problemOf } from '../kit/index.ts';
import type { CallModel } from './call-model.ts';
import type { Messages } from './messages.ts';
import { refusalOf, type ShownKind } from './room-rules.ts';

export interface OwnMediaParts {
  /** Largest picture to take from the camera. */
  video: CaptureSize | undefined;
  messages: Messages;
  /** The call that we are in; `undefined` outside of one. */
  ours(): Pick<CallModel, 'hasFloor' | 'room'> | undefined;
}

export class OwnMedia {
  readonly capture: Capture;
  /** Counts changes of the capture, for views that read it. */
  readonly changes: Signal<number> = signal(0);
  readonly #parts: OwnMediaParts;
  /** What was on when a call was over. */
  #before: { audio: boolean; video: boolean } | undefined;

  constructor(parts: OwnMediaParts) {
    this.#parts = parts;
    this.capture = new Capture(parts.video);
    this.capture.onChange(() => {
      this.changes.value += 1;
    });
  }

  /** Starts a camera or a microphone, or both; what fails is seen in the state of the capture. */
  start(kind: CaptureKind | 'both', deviceId?: string): void {
    const starting = kind === 'both' ? this.capture.startBoth() : this.capture.start(kind, deviceId);
    starting.catch((thrown: unknown) => this.#parts.messages.notify(problemOf(thrown)));
  }

  /** Before a call: both, unless one is on already. */
  startFresh(): void {
    this.#before = undefined;
    if (this.capture.audio.kind === 'off' && this.capture.video.kind === 'off') this.start('both');
  }

  /** The call is over: camera and microphone go out, and come back where the person joins again. */
  rest(): void {
    this.#before ??= { audio: this.capture.audio.kind === 'on', video: this.capture.video.kind === 'on' };
    this.capture.stop();
  }

  /** What was on when the last call was over is on again. */
  resume(): void {
    const { audio, video } = this.#before ?? { audio: false, video: false };
    this.#before = undefined;
    if (audio) this.start('audio');
    if (video) this.start('video');
  }

  toggleMicrophone(): void {
    if (this.#isRefused('audio') || this.#isFloors()) return;
    this.capture.setAudioMuted(!this.capture.audioMuted);
    this.#parts.messages.announce(this.capture.audioMuted ? 'Your microphone is off.' : 'Your microphone is on.');
  }

  toggleCamera(): void {
    if (this.#isRefused('video')) return;
    const on = this.capture.video.kind === 'on' || this.capture.video.kind === 'starting';
    this.capture.setVideoMuted(on);
    this.#parts.messages.announce(on ? 'Your camera is off.' : 'Your camera is on.');
  }

  toggleScreen(): void {
    if (this.#isRefused('screen')) return;
    const { messages } = this.#parts;
    if (this.capture.screen !== undefined) {
      this.capture.stopScreen();
      messages.announce('You stopped sharing your screen.');
      return;
    }
    this.capture.shareScreen().then(
      failed => {
        if (failed !== undefined) messages.notify(failed);
        else if (this.capture.screen !== undefined) messages.announce('You share your screen.');
      },
      (thrown: unknown) => messages.notify(problemOf(thrown)),
    );
  }

  /** What the button of the kind says instead, while we are in a call whose room does not let us; `undefined` where it does. */
  refusal(kind: ShownKind): string | undefined {
    const ours = this.#parts.ours();
    return ours === undefined ? undefined : refusalOf(ours.room, kind);
  }

  #isRefused(kind: ShownKind): boolean {
    const refusal = this.refusal(kind);
    if (refusal !== undefined) this.#parts.messages.announce(`${refusal}.`);
    return refusal !== undefined;
  }

  /** Whether the microphone is the floor's to open. */
  #isFloors(): boolean {
    if (this.#parts.ours()?.hasFloor.value !== true) return false;
    this.#parts.messages.announce('Hold the space bar to talk.');
    return true;
  }
}
