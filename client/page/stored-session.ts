/** What a tab remembers over a reload. In sessionStorage: two tabs may be two people. */
import type { CaptureSize, Credentials, FocusRef, MediaPreferences } from '../kit/index.ts';

const KEY = 'weir.session';

export interface StoredSession {
  credentials: Credentials | undefined;
  /** Where a login on another site was begun, to go on there. */
  homeserverUrl: string | undefined;
  fragment: string | undefined;
  focus: FocusRef | undefined;
  video: CaptureSize | undefined;
  media: MediaPreferences | undefined;
}

const EMPTY: StoredSession = {
  credentials: undefined,
  homeserverUrl: undefined,
  fragment: undefined,
  focus: undefined,
  video: undefined,
  media: undefined,
};

export function loadSession(): StoredSession {
  try {
    const text = sessionStorage.getItem(KEY);
    // Only this page writes there.
    return text === null ? EMPTY : { ...EMPTY, ...(JSON.parse(text) as Partial<StoredSession>) };
  } catch {
    return EMPTY;
  }
}

/** Changes what is remembered. Where storage is forbidden, nothing is. */
export function saveSession(change: Partial<StoredSession>): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...loadSession(), ...change }));
  } catch {
    // The tab works without; a reload then asks for the login again.
  }
}

export function forgetSession(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was remembered, either.
  }
}
