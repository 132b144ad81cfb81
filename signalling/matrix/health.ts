import type { Clock } from '../../src/ports.ts';
import type { WeirError } from '../wire/errors.ts';
import type { HealthState, HomeserverHealth } from './types.ts';

/** How the homeserver is doing; tells of changes of state, not of every failure. */
export class Health {
  readonly #clock: Clock;
  readonly #changed: (health: HomeserverHealth) => void;
  #health: HomeserverHealth;

  constructor(clock: Clock, changed: (health: HomeserverHealth) => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#health = { state: 'starting', since: clock.now(), lastError: undefined };
  }

  get current(): HomeserverHealth {
    return this.#health;
  }

  reached(): void {
    this.#enter('reached', this.#health.lastError);
  }

  failed(state: 'unreachable' | 'refused', error: WeirError): void {
    this.#enter(state, { code: error.code, message: error.message, at: this.#clock.now() });
  }

  #enter(state: HealthState, lastError: HomeserverHealth['lastError']): void {
    const before = this.#health;
    const changed = before.state !== state;
    this.#health = { state, since: changed ? this.#clock.now() : before.since, lastError };
    if (changed) this.#changed(this.#health);
  }
}
