/** Collects our ICE candidates, to send all of them in one message (RFC 8838 allows; a focus with ICE-lite needs none). */

/** Candidates are sent when all are known, or after this. */
const GATHERING_TIMEOUT_MS = 1_000;

export class CandidateBatch {
  readonly #connection: RTCPeerConnection;
  readonly #send: (candidates: RTCIceCandidate[]) => void;
  #candidates: RTCIceCandidate[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #released = false;

  constructor(connection: RTCPeerConnection, send: (candidates: RTCIceCandidate[]) => void) {
    this.#connection = connection;
    this.#send = send;
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== '') this.#candidates.push(candidate);
    });
    connection.addEventListener('icegatheringstatechange', () => this.#flushWhenComplete());
  }

  /** The invite tells of those that are known by now. */
  told(): void {
    this.#candidates = [];
  }

  /** The call is answered: what is known may go out. Before, candidates would only delay the invite. */
  release(): void {
    this.#released = true;
    this.#timer = setTimeout(() => this.#flush(), GATHERING_TIMEOUT_MS);
    this.#flushWhenComplete();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#released = false;
  }

  #flushWhenComplete(): void {
    if (this.#connection.iceGatheringState === 'complete') this.#flush();
  }

  #flush(): void {
    if (!this.#released || this.#candidates.length === 0) return;
    clearTimeout(this.#timer);
    const candidates = this.#candidates;
    this.#candidates = [];
    this.#send(candidates);
  }
}
