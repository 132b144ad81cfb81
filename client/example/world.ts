/** A 3D world on top of a call: everybody tells where they are, and hears who is near, from there. Shown in docs/3d-world.md. */
import type { ApplicationData, Call, RemoteStream } from '../kit/index.ts';

/** Metres. */
export interface Position {
  x: number;
  z: number;
}

const LABEL = 'positions';
const TELL_EVERY_MS = 50;
/** Metres. Who stands on the edge must not come and go with each step. */
const HEARD_WITHIN = 20;
const HEARD_UNTIL = 25;
/** Bytes: a number that counts up, x and z. */
const MESSAGE_BYTES = 20;

/** What of a call it needs. `hearsNewcomers: false` belongs into the call's options. */
export type WorldCall = Pick<Call, 'hear' | 'state' | 'streams'> & {
  data: Pick<ApplicationData, 'onChannel' | 'publish' | 'subscribe'>;
};

export class World {
  readonly here: Position = { x: 0, z: 0 };
  readonly #call: WorldCall;
  readonly #place: (voice: RemoteStream, from: Position | undefined) => void;
  /** Of the others, by device; `count` is that of the latest message. */
  readonly #positions = new Map<string, Position & { count: number }>();
  /** By the id of the stream. */
  readonly #heard = new Map<string, RemoteStream>();
  readonly #stopListening: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #channel: RTCDataChannel | undefined;
  #count = 0;

  /** `place` is called for each voice that is heard, with where it is from here; `undefined`: it is not heard any more. */
  constructor(call: WorldCall, place: (voice: RemoteStream, from: Position | undefined) => void) {
    this.#call = call;
    this.#place = place;
    this.#stopListening = call.data.onChannel(({ channel, publisher }) => {
      if (channel.label !== LABEL) return;
      // Whom the homeserver vouches for: nobody moves another one.
      const who = deviceKey(publisher);
      channel.binaryType = 'arraybuffer';
      channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#moved(who, data));
      channel.addEventListener('close', () => this.#positions.delete(who));
    });
    call.data.subscribe([LABEL]);
    this.#timer = setInterval(() => {
      this.#tell();
      this.#listen();
    }, TELL_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopListening();
    this.#call.data.subscribe([]);
    this.#channel?.close();
  }

  /** What is late is worth nothing: a lossy, unordered channel. Each session needs a new one. */
  #tell(): void {
    if (this.#call.state.kind !== 'connected') return;
    if (this.#channel === undefined || this.#channel.readyState === 'closed') {
      this.#channel = this.#call.data.publish(LABEL, { ordered: false, maxRetransmits: 0 });
    }
    if (this.#channel.readyState !== 'open') return;
    const message = new DataView(new ArrayBuffer(MESSAGE_BYTES));
    message.setUint32(0, this.#count++);
    message.setFloat64(4, this.here.x);
    message.setFloat64(12, this.here.z);
    this.#channel.send(message.buffer);
  }

  /** Others send what they like, in any order. */
  #moved(who: string, data: unknown): void {
    if (!(data instanceof ArrayBuffer) || data.byteLength !== MESSAGE_BYTES) return;
    const message = new DataView(data);
    const count = message.getUint32(0);
    const [x, z] = [message.getFloat64(4), message.getFloat64(12)];
    if (!Number.isFinite(x) || !Number.isFinite(z) || count < (this.#positions.get(who)?.count ?? 0)) return;
    this.#positions.set(who, { x, z, count });
  }

  /** Voices that are not heard are not sent: what the call costs depends on who is near. */
  #listen(): void {
    const { streams } = this.#call;
    for (const [streamId, voice] of this.#heard) {
      if (streams.some(stream => stream.streamId === streamId)) continue;
      this.#heard.delete(streamId);
      this.#place(voice, undefined);
    }
    for (const voice of streams) {
      const { streamId, audioTrackId } = voice;
      if (audioTrackId === undefined) continue;
      const there = this.#positions.get(deviceKey(voice));
      const from = there && { x: there.x - this.here.x, z: there.z - this.here.z };
      const wasHeard = this.#heard.has(streamId);
      const isHeard = from !== undefined && Math.hypot(from.x, from.z) < (wasHeard ? HEARD_UNTIL : HEARD_WITHIN);
      if (isHeard !== wasHeard) this.#call.hear(streamId, audioTrackId, isHeard);
      if (isHeard) this.#heard.set(streamId, voice);
      else this.#heard.delete(streamId);
      if (isHeard || wasHeard) this.#place(voice, isHeard ? from : undefined);
    }
  }
}

function deviceKey({ userId, deviceId }: { userId: string; deviceId: string }): string {
  return JSON.stringify([userId, deviceId]);
}

/** Gives each voice its place by Web Audio (PannerNode); for `World`. */
export function placeVoices(audio: AudioContext): (voice: RemoteStream, from: Position | undefined) => void {
  const voices = new Map<string, { track: MediaStreamTrack; element: HTMLAudioElement; panner: PannerNode }>();
  return ({ streamId, audio: bound }, from) => {
    const before = voices.get(streamId);
    if (before !== undefined && (from === undefined || before.track !== bound?.track)) {
      before.panner.disconnect();
      before.element.srcObject = null;
      voices.delete(streamId);
    }
    if (from === undefined || bound === undefined) return;
    let voice = voices.get(streamId);
    if (voice === undefined) {
      const stream = new MediaStream([bound.track]);
      // Chromium decodes a voice only while an element plays it.
      const element = Object.assign(new Audio(), { srcObject: stream, muted: true });
      const panner = new PannerNode(audio, { panningModel: 'HRTF', refDistance: 2 });
      audio.createMediaStreamSource(stream).connect(panner).connect(audio.destination);
      voice = { track: bound.track, element, panner };
      voices.set(streamId, voice);
    }
    voice.panner.positionX.value = from.x;
    voice.panner.positionZ.value = from.z;
  };
}
