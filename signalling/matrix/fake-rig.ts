import { expect, vi } from 'vitest';
import type { SyncPosition } from '../../src/ports.ts';
import { type FakeAnswer, FakeHomeserver } from './fake-homeserver.ts';
import { createHomeserver, type Homeserver, type HomeserverOptions, type SyncBatch } from './index.ts';
import { SteppingClock } from './stepping-clock.ts';

export const TOKEN = 'syt_secret_token';
export const HANGUP = { type: 'm.call.hangup', content: { call_id: 'c', secret: 'message body' } };

export const limited = (retryAfterMs: number): FakeAnswer => ({
  status: 429,
  json: { errcode: 'M_LIMIT_EXCEEDED', error: 'slow down', retry_after_ms: retryAfterMs },
});

/** Waits long enough for the slowest machine; a test that fails says why before it is cut off. */
export const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 });

/** The adapter with a fake homeserver, and all that it said and was told. */
export class FakeRig {
  readonly clock = new SteppingClock();
  readonly fake: FakeHomeserver;
  readonly batches: SyncBatch[] = [];
  readonly counts: string[] = [];
  readonly logged: string[] = [];
  homeserver: Homeserver;
  takeBatch: (batch: SyncBatch) => Promise<void> = async batch => {
    this.batches.push(batch);
  };

  private constructor(fake: FakeHomeserver) {
    this.fake = fake;
    this.homeserver = this.connect();
  }

  static async open(): Promise<FakeRig> {
    return new FakeRig(await FakeHomeserver.start());
  }

  connect(overrides: Partial<HomeserverOptions> = {}): Homeserver {
    const log = (fields: object, message: string): void => {
      const text = JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value));
      this.logged.push(message + text);
    };
    this.homeserver = createHomeserver({
      url: this.fake.url,
      credentials: { kind: 'token', accessToken: TOKEN },
      allowedInviters: ['fake'],
      clock: this.clock,
      logger: { debug: log, info: log, warn: log, error: log },
      count: (name, labels) => this.counts.push([name, ...Object.values(labels)].join(' ')),
      events: { batch: batch => this.takeBatch(batch) },
      ...overrides,
    });
    return this.homeserver;
  }

  async start(position?: SyncPosition): Promise<Homeserver> {
    const homeserver = this.connect();
    await homeserver.start(position);
    return homeserver;
  }

  /** Ends everything, and looks for secrets in the log. */
  async close(): Promise<void> {
    await this.homeserver.stop();
    await this.fake.stop();
    this.clock.stop();
    for (const secret of [TOKEN, 'message body']) expect(this.logged.join('\n')).not.toContain(secret);
  }
}
