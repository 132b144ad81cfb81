/** How loud somebody is, for meters and for "who speaks". */

/** Below this a sound is taken for background; levels are linear, 0 to 1 (RFC 6464 says -127 to 0 dBov). */
const SPEAKING_LEVEL = 0.02;
/** Speech has pauses: the ring stays on through them. */
const HOLD_MS = 600;
/** A level heard longer ago than this says nothing. */
const FRESH_MS = 500;

/** Nothing is played: without a device and in large steps, a meter costs half (Web Audio API, section 1.2.5). */
const SILENT: AudioContextOptions & { sinkId: { type: 'none' } } = {
  latencyHint: 'playback',
  sinkId: { type: 'none' },
};

/** Reads the level of a local microphone. Close it: audio contexts are scarce. */
export class MicrophoneLevel {
  readonly #context = new AudioContext(SILENT);
  readonly #analyser = this.#context.createAnalyser();
  readonly #samples: Float32Array<ArrayBuffer>;
  readonly #source: MediaStreamAudioSourceNode;

  constructor(track: MediaStreamTrack) {
    this.#analyser.fftSize = 512;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  /** Root mean square of the last 10 ms or so, 0 to 1. */
  read(): number {
    // Contexts made before the first click are asleep.
    if (this.#context.state === 'suspended') this.#context.resume().catch(() => undefined);
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.min(1, Math.sqrt(sum / this.#samples.length));
  }

  close(): void {
    this.#source.disconnect();
    this.#context.close().catch(() => undefined);
  }
}

/** Level of what a receiver plays, 0 to 1; 0 where nothing came lately. `now` in ms since 1970. */
export function receiverLevel(receiver: RTCRtpReceiver, now: number): number {
  const source = receiver.getSynchronizationSources()[0];
  // Chromium counts from 1970, Firefox from the start of the page.
  if (source === undefined) return 0;
  const age = Math.min(Math.abs(now - source.timestamp), Math.abs(performance.now() - source.timestamp));
  return age > FRESH_MS ? 0 : (source.audioLevel ?? 0);
}

/** Turns levels into "speaks": on at once, off after a pause. Pure but for what it remembers. */
export class SpeakingHold {
  readonly #lastLoud = new Map<string, number>();

  /** @param levels by key, 0 to 1; @param now ms. Returns the keys of those who speak. */
  update(levels: ReadonlyMap<string, number>, now: number): Set<string> {
    for (const [key, level] of levels) if (level >= SPEAKING_LEVEL) this.#lastLoud.set(key, now);
    for (const [key, at] of this.#lastLoud) {
      if (!levels.has(key) || now - at > HOLD_MS) this.#lastLoud.delete(key);
    }
    return new Set(this.#lastLoud.keys());
  }
}
