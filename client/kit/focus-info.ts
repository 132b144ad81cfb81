/** The focus that serves this page. */
import { readFocusInfo } from './homeserver-answers.ts';
import type { FocusRef } from './wire.ts';

/** Where a focus takes fast signalling, as URLs. */
export interface SignalDoor {
  /** POST: a token for the socket. */
  tokenUrl: string;
  /** ws or wss. */
  socketUrl: string;
}

export interface OwnFocus extends FocusRef {
  /** The homeserver of the focus, where it says so: a good first guess for people, too. */
  homeserverUrl: string | undefined;
  /** `undefined` where it has no fast signalling. */
  signalling: SignalDoor | undefined;
}

const TIMEOUT_MS = 5_000;

/** Asks the origin of the page; `undefined` where no focus answers there. */
export async function askFocus(pageUrl: string): Promise<OwnFocus | undefined> {
  try {
    const answer = await fetch(new URL('/v1/focus', pageUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const parsed = answer.ok ? readFocusInfo(await answer.json()) : undefined;
    if (parsed?.kind !== 'ok') return undefined;
    const { user_id: userId, device_id: deviceId, homeserver_url: homeserverUrl, signalling } = parsed.value;
    return {
      userId,
      deviceId,
      homeserverUrl,
      signalling: signalling === undefined ? undefined : doorAt(pageUrl, signalling.path, signalling.token_path),
    };
  } catch {
    return undefined;
  }
}

function doorAt(pageUrl: string, path: string, tokenPath: string): SignalDoor {
  const socket = new URL(path, pageUrl);
  socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';
  return { tokenUrl: new URL(tokenPath, pageUrl).href, socketUrl: socket.href };
}
