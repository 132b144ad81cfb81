/** The homeserver's relays (TURN): their passwords hold for a while only, so they are asked for again in time. */

/** What the homeserver answered; `lifetimeMs`: how long it holds, where it said so. */
export interface TurnAnswer {
  servers: RTCIceServer[];
  lifetimeMs: number | undefined;
}

/** They are asked for again when this share of their life is over. */
const REFRESH_SHARE = 0.75;
/** ms. However short they live: a homeserver that says 0 must not be asked all the time. */
const LEAST_MS = 10_000;
/** ms until the next try after one that failed. */
const RETRY_MS = 30_000;
/** ms. The clock is looked at so often: timers of a computer that slept come late by all that it slept. */
const LOOK_EVERY_MS = 30_000;

export class IceServers {
  readonly #ask: () => Promise<TurnAnswer>;
  readonly #changed: () => void;
  readonly #known = Promise.withResolvers<void>();
  #servers: RTCIceServer[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** Asks at once. `changed`: there are others now. */
  constructor(ask: () => Promise<TurnAnswer>, changed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
    this.#refresh();
  }

  /** The same array until they change. */
  get servers(): RTCIceServer[] {
    return this.#servers;
  }

  /** Resolves when the homeserver has answered for the first time, or failed to, or after `withinMs`. */
  async known(withinMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#known.promise, late]);
    clearTimeout(timer);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #refresh(): void {
    this.#ask()
      .then(
        ({ servers, lifetimeMs }) => {
          if (this.#closed) return;
          if (JSON.stringify(servers) !== JSON.stringify(this.#servers)) {
            this.#servers = servers;
            this.#changed();
          }
          // Without relays, or with such as hold for ever, once is enough.
          if (servers.length > 0 && lifetimeMs !== undefined) this.#again(lifetimeMs * REFRESH_SHARE);
        },
        // Calls work without relays in most networks, and with those that were known until they end.
        () => this.#again(RETRY_MS),
      )
      .finally(() => this.#known.resolve());
  }

  #again(afterMs: number): void {
    this.#waitUntil(Date.now() + Math.max(afterMs, LEAST_MS));
  }

  #waitUntil(due: number): void {
    if (this.#closed) return;
    const left = due - Date.now();
    if (left <= 0) this.#refresh();
    else this.#timer = setTimeout(() => this.#waitUntil(due), Math.min(left, LOOK_EVERY_MS));
  }
}
