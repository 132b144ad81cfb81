/** Camera, microphone and screen of this device, apart from any call. */
import { type Problem, problem, problemOfCapture } from './problems.ts';
import type { CaptureSize } from './encodings.ts';

/** What a capture is now. */
export type CaptureState =
  | { kind: 'off' }
  | { kind: 'starting' }
  | { kind: 'on'; track: MediaStreamTrack }
  | { kind: 'failed'; problem: Problem };

export type CaptureKind = 'audio' | 'video';

/** A screen that is shared: its picture, and its sound where the browser gives it. */
export interface SharedScreen {
  video: MediaStreamTrack;
  audio: MediaStreamTrack | undefined;
}

const WHAT: Record<CaptureKind, string> = { audio: 'Microphone', video: 'Camera' };

/** Size that is asked of cameras where nobody says otherwise. */
export const USUAL_CAPTURE: CaptureSize = { width: 1280, height: 720, frameRate: 30 };

/**
 * Owns the tracks: it starts them, stops them, and tells `changed` of every step. A muted camera is stopped, so that its
 * light goes out; a muted microphone keeps running in silence, so that unmuting takes no time.
 */
export class Capture {
  readonly #limit: CaptureSize | undefined;
  readonly #listeners = new Set<() => void>();
  #audio: CaptureState = { kind: 'off' };
  #video: CaptureState = { kind: 'off' };
  #screen: SharedScreen | undefined;
  #deviceIds: Record<CaptureKind, string | undefined> = { audio: undefined, video: undefined };
  #audioMuted = false;
  #generation: Record<CaptureKind, number> = { audio: 0, video: 0 };

  /** `limit`: the largest picture to take from the camera. */
  constructor(limit?: CaptureSize) {
    this.#limit = limit;
  }

  get audio(): CaptureState {
    return this.#audio;
  }
  get video(): CaptureState {
    return this.#video;
  }
  get screen(): SharedScreen | undefined {
    return this.#screen;
  }
  get audioMuted(): boolean {
    return this.#audioMuted || this.#audio.kind !== 'on';
  }
  get videoMuted(): boolean {
    return this.#video.kind !== 'on';
  }
  get audioTrack(): MediaStreamTrack | undefined {
    return this.#audio.kind === 'on' ? this.#audio.track : undefined;
  }
  get videoTrack(): MediaStreamTrack | undefined {
    return this.#video.kind === 'on' ? this.#video.track : undefined;
  }
  /** Size that senders should plan for before a camera has said its own. */
  get plannedSize(): CaptureSize {
    return this.#limit ?? USUAL_CAPTURE;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts camera and microphone with one question to the person; where one fails, the other is tried alone. */
  async startBoth(): Promise<void> {
    const media = mediaDevices();
    if (media === undefined) {
      const failed = { kind: 'failed', problem: problem('INSECURE_PAGE') } as const;
      this.#set('audio', failed);
      this.#set('video', failed);
      return;
    }
    const [audioTurn, videoTurn] = [this.#begin('audio'), this.#begin('video')];
    try {
      const stream = await media.getUserMedia({
        audio: this.#constraints('audio'),
        video: this.#constraints('video'),
      });
      this.#finish('audio', audioTurn, stream.getAudioTracks()[0]);
      this.#finish('video', videoTurn, stream.getVideoTracks()[0]);
    } catch {
      await Promise.all([this.start('audio'), this.start('video')]);
    }
  }

  /** Starts one of them, on `deviceId` from now on where it is given. */
  async start(kind: CaptureKind, deviceId?: string): Promise<void> {
    if (deviceId !== undefined) this.#deviceIds[kind] = deviceId;
    const media = mediaDevices();
    if (media === undefined) {
      this.#set(kind, { kind: 'failed', problem: problem('INSECURE_PAGE') });
      return;
    }
    const turn = this.#begin(kind);
    try {
      const stream = await media.getUserMedia({ [kind]: this.#constraints(kind) });
      this.#finish(kind, turn, stream.getTracks()[0]);
    } catch (thrown) {
      if (turn === this.#generation[kind]) {
        this.#set(kind, { kind: 'failed', problem: problemOfCapture(thrown, WHAT[kind]) });
      }
    }
  }

  setAudioMuted(muted: boolean): void {
    this.#audioMuted = muted;
    if (this.#audio.kind === 'on') this.#audio.track.enabled = !muted;
    else if (!muted) this.#restart('audio');
    this.#changed();
  }

  setVideoMuted(muted: boolean): void {
    if (!muted) {
      this.#restart('video');
      return;
    }
    this.#generation.video += 1;
    this.#set('video', { kind: 'off' });
  }

  /** Asks the person for a screen. Resolves to a problem where there is one; a change of mind is none. */
  async shareScreen(): Promise<Problem | undefined> {
    const media = mediaDevices();
    if (media === undefined) return problem('INSECURE_PAGE');
    try {
      const stream = await media.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
      const video = stream.getVideoTracks()[0];
      if (video === undefined) return problem('SCREEN_FAILED');
      video.contentHint = 'detail';
      this.stopScreen();
      this.#screen = { video, audio: stream.getAudioTracks()[0] };
      // The browser's own "stop sharing" button.
      video.addEventListener('ended', () => {
        if (this.#screen?.video === video) this.stopScreen();
      });
      this.#changed();
      return undefined;
    } catch (thrown) {
      const name = thrown instanceof Error ? thrown.name : '';
      // Chromium has one name for "no" of the person and "no" of the system, and tells them apart in the text.
      const bySystem = thrown instanceof Error && thrown.message.includes('system');
      if (name === 'NotAllowedError' && !bySystem) return undefined;
      return problem('SCREEN_FAILED', thrown instanceof Error ? thrown.message : '');
    }
  }

  stopScreen(): void {
    if (this.#screen === undefined) return;
    this.#screen.video.stop();
    this.#screen.audio?.stop();
    this.#screen = undefined;
    this.#changed();
  }

  /** Stops everything. It can be started again. */
  stop(): void {
    this.stopScreen();
    for (const kind of ['audio', 'video'] as const) {
      this.#generation[kind] += 1;
      this.#set(kind, { kind: 'off' });
    }
  }

  #restart(kind: CaptureKind): void {
    this.start(kind).catch((thrown: unknown) => {
      this.#set(kind, { kind: 'failed', problem: problemOfCapture(thrown, WHAT[kind]) });
    });
  }

  #constraints(kind: CaptureKind): MediaTrackConstraints {
    const id = this.#deviceIds[kind];
    const device = id === undefined ? {} : { deviceId: { exact: id } };
    if (kind === 'audio') return { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const wish = (value: number, limited: boolean): ConstrainULong =>
      limited ? { ideal: value, max: value } : { ideal: value };
    const size = this.plannedSize;
    const limited = this.#limit !== undefined;
    return {
      ...device,
      width: wish(size.width, limited),
      height: wish(size.height, limited),
      frameRate: wish(size.frameRate, limited),
    };
  }

  /** A start that is overtaken by a later one (or by a stop) must not win. */
  #begin(kind: CaptureKind): number {
    this.#generation[kind] += 1;
    this.#set(kind, this.#stateOf(kind).kind === 'on' ? this.#stateOf(kind) : { kind: 'starting' });
    return this.#generation[kind];
  }

  #finish(kind: CaptureKind, turn: number, track: MediaStreamTrack | undefined): void {
    if (turn !== this.#generation[kind]) {
      track?.stop();
      return;
    }
    if (track === undefined) {
      this.#set(kind, { kind: 'failed', problem: problem('CAPTURE_MISSING', WHAT[kind]) });
      return;
    }
    if (kind === 'audio') track.enabled = !this.#audioMuted;
    // The device was unplugged, or the permission taken back.
    track.addEventListener('ended', () => {
      const state = this.#stateOf(kind);
      if (state.kind === 'on' && state.track === track) {
        this.#set(kind, { kind: 'failed', problem: problem('CAPTURE_MISSING', WHAT[kind]) });
      }
    });
    this.#set(kind, { kind: 'on', track });
  }

  #stateOf(kind: CaptureKind): CaptureState {
    return kind === 'audio' ? this.#audio : this.#video;
  }

  #set(kind: CaptureKind, state: CaptureState): void {
    const before = this.#stateOf(kind);
    if (before.kind === 'on' && (state.kind !== 'on' || state.track !== before.track)) before.track.stop();
    if (kind === 'audio') this.#audio = state;
    else this.#video = state;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Missing on insecure pages, whatever the types say. */
function mediaDevices(): MediaDevices | undefined {
  return typeof navigator === 'object' && 'mediaDevices' in navigator ? navigator.mediaDevices : undefined;
}

/** Cameras and microphones that can be picked; labels are empty until a permission was given. */
export async function captureDevices(): Promise<Record<CaptureKind, MediaDeviceInfo[]>> {
  const all = (await mediaDevices()?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind): MediaDeviceInfo[] =>
    all.filter(device => device.kind === kind && device.deviceId);
  return { audio: of('audioinput'), video: of('videoinput') };
}
