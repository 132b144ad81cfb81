/** What the browser knows of its network, and of whether anybody looks. */

/** `gone` and `back`: the browser says so. `changed`: another network, or another quality. `seen`: the page is looked at again. */
export type NetworkHint = 'gone' | 'back' | 'changed' | 'seen';

export interface Network {
  /** The browser has no network. */
  readonly isGone: boolean;
  /** Returns what ends the listening. */
  onHint(listener: (hint: NetworkHint) => void): () => void;
}

/** The network of this window. */
export function browserNetwork(): Network {
  return {
    get isGone() {
      return !navigator.onLine;
    },
    onHint(listener) {
      const ended = new AbortController();
      const { signal } = ended;
      window.addEventListener('offline', () => listener('gone'), { signal });
      window.addEventListener('online', () => listener('back'), { signal });
      document.addEventListener('visibilitychange', () => document.hidden || listener('seen'), { signal });
      connectionOf(navigator)?.addEventListener('change', () => listener('changed'), { signal });
      return () => ended.abort();
    },
  };
}

/** Network Information API; only Chromium has it. */
function connectionOf(browser: Navigator): EventTarget | undefined {
  const connection: unknown = Reflect.get(browser, 'connection');
  return connection instanceof EventTarget ? connection : undefined;
}
