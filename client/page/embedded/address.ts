/** What the app that shows this page as a widget says in the page's address. Pure. */

/** A call that another app shows: who we are there, and in which room. */
export interface Embedding {
  widgetId: string;
  /** Of the app: what is sent goes to it alone, and nobody else is listened to. */
  hostOrigin: string;
  roomId: string;
  userId: string;
  deviceId: string;
  homeserverUrl: string;
  theme: 'light' | 'dark' | undefined;
}

/** `embedding` is missing where the address does not say all that it has to; `missing` names what. */
export type EmbeddedAddress =
  | { kind: 'own' }
  | { kind: 'embedded'; embedding: Embedding }
  | { kind: 'incomplete'; missing: string[] };

const HTTP = /^https?:$/;
const MOST_CHARACTERS = 255;

type Read = (text: string) => string | undefined;

const word: Read = text => (text.length <= MOST_CHARACTERS && !/\s/.test(text) ? text : undefined);
const idWith =
  (sigil: string): Read =>
  text =>
    text.startsWith(sigil) && text.length > 1 ? word(text) : undefined;
const httpUrl: Read = text => (URL.canParse(text) && HTTP.test(new URL(text).protocol) ? text : undefined);
const origin: Read = text => httpUrl(text) && new URL(text).origin;

/** What is needed, by its name in the address. */
const NEEDED = {
  widgetId: word,
  parentUrl: origin,
  roomId: idWith('!'),
  userId: idWith('@'),
  deviceId: word,
  baseUrl: httpUrl,
} as const satisfies Record<string, Read>;

/**
 * Reads `?embed` and what comes with it, in the query (`widgetId` and `parentUrl` are put there by most apps) or, better, in the
 * fragment, which no server sees. A variable of the URL template that the app did not fill in (`$matrix_user_id`) is missing.
 */
export function readEmbedding(hash: string, search: string): EmbeddedAddress {
  const query = new URLSearchParams(search);
  if (!query.has('embed')) return { kind: 'own' };
  const fragment = new URLSearchParams(/\?(.*)$/s.exec(hash)?.[1] ?? '');
  const said = (name: string): string => {
    const text = fragment.get(name) ?? query.get(name) ?? '';
    return text.startsWith('$') ? '' : text;
  };
  const missing: string[] = [];
  const need = (name: keyof typeof NEEDED): string => {
    const text = said(name);
    const read = text === '' ? undefined : NEEDED[name](text);
    if (read === undefined) missing.push(name);
    return read ?? '';
  };
  const embedding: Embedding = {
    widgetId: need('widgetId'),
    hostOrigin: need('parentUrl'),
    roomId: need('roomId'),
    userId: need('userId'),
    deviceId: need('deviceId'),
    homeserverUrl: need('baseUrl'),
    theme: themeOf(said('theme')),
  };
  return missing.length > 0 ? { kind: 'incomplete', missing } : { kind: 'embedded', embedding };
}

/** Apps name their themes as they like: `light`, `dark`, `dark-custom`, `legacy-light`… */
function themeOf(name: string): Embedding['theme'] {
  if (/dark|black/i.test(name)) return 'dark';
  return /light/i.test(name) ? 'light' : undefined;
}
