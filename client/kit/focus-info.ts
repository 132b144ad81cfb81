/** The focus that serves this page. */
import { readFocusInfo } from './homeserver-answers.ts';
import type { FocusRef } from './wire.ts';

export interface OwnFocus extends FocusRef {
  /** The homeserver of the focus, where it says so: a good first guess for people, too. */
  homeserverUrl: string | undefined;
}

const TIMEOUT_MS = 5_000;

/** Asks the origin of the page; `undefined` where no focus answers there. */
export async function askFocus(pageUrl: string): Promise<OwnFocus | undefined> {
  try {
    const answer = await fetch(new URL('/v1/focus', pageUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const parsed = answer.ok ? readFocusInfo(await answer.json()) : undefined;
    if (parsed?.kind !== 'ok') return undefined;
    const { user_id: userId, device_id: deviceId, homeserver_url: homeserverUrl } = parsed.value;
    return { userId, deviceId, homeserverUrl };
  } catch {
    return undefined;
  }
}
