/** A stream of somebody else in an element of the page: it plays there, and is asked for as large as it is drawn. */
import type { Call } from './call.ts';
import { watchDrawnSize } from './drawn-size.ts';
import type { RemoteStream } from './remote-streams.ts';
import type { Shown } from './subscriptions.ts';

export class AttachedStream {
  readonly #call: Pick<Call, 'show'>;
  readonly #streamId: string;
  readonly #element: HTMLMediaElement;
  readonly #media = new MediaStream();
  readonly #stopWatching: () => void;
  #videoTrackId: string | undefined;
  #shown: Shown = 'hidden';

  constructor(call: Pick<Call, 'show'>, streamId: string, element: HTMLMediaElement) {
    this.#call = call;
    this.#streamId = streamId;
    this.#element = element;
    element.srcObject = this.#media;
    element.autoplay = true;
    if (element instanceof HTMLVideoElement) element.playsInline = true;
    this.#stopWatching = watchDrawnSize(element, shown => {
      this.#shown = shown;
      this.#tell();
    });
  }

  /** To be called whenever streams have changed. */
  follow(streams: readonly RemoteStream[]): void {
    const stream = streams.find(({ streamId }) => streamId === this.#streamId);
    if (stream?.videoTrackId !== this.#videoTrackId) {
      this.#videoTrackId = stream?.videoTrackId;
      this.#tell();
    }
    const wanted = [stream?.audio?.track, stream?.video?.track].filter(track => track !== undefined);
    for (const track of this.#media.getTracks()) if (!wanted.includes(track)) this.#media.removeTrack(track);
    for (const track of wanted) if (!this.#media.getTracks().includes(track)) this.#media.addTrack(track);
  }

  close(): void {
    this.#stopWatching();
    this.#shown = 'hidden';
    this.#tell();
    this.#element.srcObject = null;
  }

  #tell(): void {
    if (this.#videoTrackId !== undefined) this.#call.show(this.#streamId, this.#videoTrackId, this.#shown);
  }
}
