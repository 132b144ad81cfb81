/** What the focus says in call messages of one session, by whatever way they come; each description is taken once. */
import type { FocusLink } from './focus-link.ts';
import type { ToDeviceMessage } from './homeserver-answers.ts';
import type { Description, FocusToDevice, StreamMetadata } from './wire.ts';

type Said<Kind extends FocusToDevice['kind']> = Extract<FocusToDevice, { kind: Kind }>;

export interface InboxEvents {
  /** Something came for this session, whatever it says. */
  heard(): void;
  answered(answer: Said<'answer'>): void;
  /** `undefined`: it came before, and brings its metadata alone. */
  description(description: Description | undefined, metadata: StreamMetadata | undefined): void;
  candidates(candidates: Said<'candidates'>['candidates']): void;
  hungUp(hangup: Said<'hangup'>): void;
}

const MOST_REMEMBERED = 8;

export class SessionInbox {
  readonly #link: FocusLink;
  readonly #events: InboxEvents;
  /** Latest descriptions of the focus: two ways may bring the same one. */
  #heardBefore: string[] = [];

  constructor(link: FocusLink, events: InboxEvents) {
    this.#link = link;
    this.#events = events;
  }

  /** Takes a call message if it is meant for this session. */
  take(message: ToDeviceMessage, way: 'line' | 'to-device'): void {
    const said = this.#link.read(message);
    if (said === undefined) return;
    this.#events.heard();
    switch (said.kind) {
      case 'answer':
        this.#events.answered(said);
        return;
      case 'negotiate':
        // What the focus says again over the line wants an answer again; the copy that comes late does not.
        if (way === 'line' || !this.#heardBefore.includes(said.description.sdp))
          this.takeDescription(said.description, said.metadata);
        return;
      case 'candidates':
        this.#events.candidates(said.candidates);
        return;
      case 'hangup':
        this.#events.hungUp(said);
    }
  }

  /** One that came in a control message, or with an answer. */
  takeDescription(description: Description, metadata: StreamMetadata | undefined): void {
    const isRepeated = description.type === 'answer' && this.#heardBefore.includes(description.sdp);
    if (!isRepeated) this.#heardBefore = [...this.#heardBefore, description.sdp].slice(-MOST_REMEMBERED);
    this.#events.description(isRepeated ? undefined : description, metadata);
  }
}
