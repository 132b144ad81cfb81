/** Links to this page. Whatever is secret stands in the fragment, which no server sees. Pure. */
import type { CaptureSize, Credentials, FocusRef, MediaPreferences } from '../kit/index.ts';

/** The call that a link leads to. */
export interface CallTarget {
  /** Room id or alias. */
  room: string;
  confId: string | undefined;
  /** Homeservers that know the room. */
  via: string[];
  /** Homeserver of whoever made the link: a first guess for others. */
  homeserverUrl: string | undefined;
}

/** All that a link may say. */
export interface Link {
  target: CallTarget | undefined;
  credentials: Credentials | undefined;
  /** One-time token of a login on another site. */
  loginToken: string | undefined;
  focus: FocusRef | undefined;
  autojoin: boolean;
  /** Largest picture to take from the camera. */
  video: CaptureSize | undefined;
  /** No fast signalling, for comparisons: `signalling=to-device`. */
  toDeviceOnly: boolean;
  /** Keeps what checks of encryption ask for, keys included: `witness=1`. */
  witness: boolean;
  /** How to send, for tests and odd networks; `undefined` where the link does not say. */
  media: MediaPreferences | undefined;
}

/** `640x360x15` → width, height in px, frames a second. */
export function parseCaptureSize(text: string | null): CaptureSize | undefined {
  const match = /^(\d{2,4})x(\d{2,4})x(\d{1,3})$/.exec(text ?? '');
  if (!match) return undefined;
  const [width, height, frameRate] = match.slice(1).map(Number);
  if (!width || !height || !frameRate) return undefined;
  return { width, height, frameRate };
}

/** `codec=H264,VP8`: offer pictures in these alone, in this order. `relay=1`: by the homeserver's relays alone. */
function parseMedia(codec: string | null, relay: string | null): MediaPreferences | undefined {
  const codecs = (codec ?? '').split(',').filter(name => /^[A-Za-z0-9-]{1,16}$/.test(name));
  return codecs.length === 0 && relay !== '1' ? undefined : { codecs, relayOnly: relay === '1' };
}

/** Reads the fragment and the query of an address of this page; what it does not know it passes over. */
export function parseLink(hash: string, search: string): Link {
  const [, query = ''] = /^#\/\w+\?(.*)$/s.exec(hash) ?? [];
  const said = new URLSearchParams(query);
  const [hs, user, token, device] = ['hs', 'user', 'token', 'device'].map(key => said.get(key) || undefined);
  const room = said.get('room') || undefined;
  const [focusUser, focusDevice] = [said.get('focus_user'), said.get('focus_device')];
  return {
    target:
      room === undefined
        ? undefined
        : { room, confId: said.get('conf') || undefined, via: said.getAll('via').slice(0, 8), homeserverUrl: hs },
    credentials:
      hs && user && token && device
        ? { homeserverUrl: hs, userId: user, deviceId: device, accessToken: token }
        : undefined,
    loginToken: said.get('loginToken') ?? new URLSearchParams(search).get('loginToken') ?? undefined,
    focus: focusUser && focusDevice ? { userId: focusUser, deviceId: focusDevice } : undefined,
    autojoin: said.get('autojoin') === '1',
    video: parseCaptureSize(said.get('video')),
    toDeviceOnly: said.get('signalling') === 'to-device',
    witness: said.get('witness') === '1',
    media: parseMedia(said.get('codec'), said.get('relay')),
  };
}

/** The fragment that leads to a call and holds no secret. */
export function callFragment(target: CallTarget): string {
  const said = new URLSearchParams({ room: target.room });
  if (target.confId !== undefined) said.set('conf', target.confId);
  for (const server of target.via) said.append('via', server);
  if (target.homeserverUrl !== undefined) said.set('hs', target.homeserverUrl);
  return `#/call?${said}`;
}
