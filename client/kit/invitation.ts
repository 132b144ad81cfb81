/** The invite of a session, until it is answered: over the line where that is open, and to-device where the line does not do. */
import type { FocusLink, LineOfSession } from './focus-link.ts';
import type { InviteWay } from './marks.ts';
import type { StreamMetadata } from './wire.ts';

export interface InvitationParts {
  link: FocusLink;
  line: LineOfSession | undefined;
  /** Longest wait for the answer, in ms. */
  answerTimeoutMs: number;
  /** It goes out, this way. */
  sent(way: InviteWay): void;
  /** Nobody answered in time. */
  unanswered(): void;
}

/** A line that was opened in advance may be dead without knowing: after this the invite goes to-device, too, in ms. */
const LINE_PATIENCE_MS = 1_000;

export class Invitation {
  readonly #parts: InvitationParts;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;
  #lineTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: InvitationParts) {
    this.#parts = parts;
  }

  /** Rejects where neither line nor homeserver takes it. */
  async send(sdp: string, metadata: StreamMetadata): Promise<void> {
    const { link, line, answerTimeoutMs } = this.#parts;
    this.#answerTimer = setTimeout(() => {
      link.hangup('invite_timeout').catch(() => undefined);
      this.#parts.unanswered();
    }, answerTimeoutMs);
    await link.invite(sdp, metadata, way => {
      this.#parts.sent(way);
      if (way === 'to-device') return;
      this.#lineTimer = setTimeout(() => {
        line?.check();
        this.sendToDevice();
      }, LINE_PATIENCE_MS);
    });
  }

  /** The line may have lost it: the same invite, by the homeserver. */
  sendToDevice(): void {
    clearTimeout(this.#lineTimer);
    // What fails is an invite without an answer.
    this.#parts.link.inviteAgain().catch(() => undefined);
  }

  /** The focus does not take invites over this line: nor will it take the next. */
  refusedByLine(): void {
    this.#parts.line?.close();
    this.sendToDevice();
  }

  /** It is answered, or given up. */
  close(): void {
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#lineTimer);
  }
}
