/** What the web server asks of the rest of the focus. */
import type { HttpConfig } from '../../config/config.ts';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import type { Log } from '../ports.ts';

/** How things stand at this moment. */
export interface Readiness {
  homeserver: { kind: 'up' } | { kind: 'starting' } | { kind: 'down'; code: ErrorCode; message: string };
  /** Media worker processes alive, and how many there should be. */
  workers: { alive: number; wanted: number };
}

export interface HttpDeps {
  config: HttpConfig;
  /** Client API of the homeserver as browsers reach it. */
  homeserverUrl: string;
  /** Version of weir. */
  version: string;
  /** Directory of the built call page, where config.page.dir names none. */
  defaultPageDir: string;
  /** A snapshot; it must neither wait nor throw. */
  readiness(): Readiness;
  /** The device of the focus; `undefined` until the homeserver has told. */
  focusIdentity(): { userId: string; deviceId: string } | undefined;
  metrics: { readonly contentType: string; render(): Promise<string> };
  /** Counts an error that a request was answered with. */
  countError(code: ErrorCode): void;
  log: Log;
}
