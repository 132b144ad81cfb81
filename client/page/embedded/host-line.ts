/**
 * Messages of the app that shows this page. It speaks as soon as the page is loaded, which may be before all of our code is: what
 * comes until then waits. And messages of any other window are kept from the widget API, which would take them.
 */

/** The page's window, as far as this is concerned. */
export interface HostWindow extends EventTarget {
  /** That of the host. */
  readonly parent: unknown;
}

interface Message {
  readonly data: unknown;
  readonly origin: string;
  readonly source: unknown;
}

/** A host asks two or three things before we answer. */
const MOST_WAITING = 64;

export class HostLine {
  /** Resolves with the first message. */
  readonly heard: Promise<void>;
  readonly #window: HostWindow;
  readonly #origin: string;
  readonly #heard = Promise.withResolvers<void>();
  /** `undefined` once somebody listens. */
  #waiting: Message[] | undefined = [];

  /** To be made before anybody else listens to messages. */
  constructor(origin: string, window: HostWindow) {
    this.#origin = origin;
    this.#window = window;
    this.heard = this.#heard.promise;
    window.addEventListener('message', this.#received, { capture: true });
  }

  /** Somebody listens: gives what waited. */
  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of waiting) this.#window.dispatchEvent(Object.assign(new Event('message'), message));
  }

  close(): void {
    this.#window.removeEventListener('message', this.#received, { capture: true });
    this.#waiting = undefined;
  }

  readonly #received = (event: Event): void => {
    if (!isMessage(event) || event.source !== this.#window.parent || event.origin !== this.#origin) {
      event.stopImmediatePropagation();
      return;
    }
    this.#heard.resolve();
    if (this.#waiting === undefined) return;
    event.stopImmediatePropagation();
    const { data, origin, source } = event;
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ data, origin, source });
  };
}

function isMessage(event: Event): event is Event & Message {
  return 'data' in event && 'origin' in event && 'source' in event;
}
