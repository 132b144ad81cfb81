/** Which focus to call by: the operator's own where the homeserver names some, the nearest of them that takes newcomers. */
import { askFocus, type OwnFocus } from './focus-info.ts';
import { readAnnouncedFoci, readPing } from './homeserver-answers.ts';
import { serverOf } from './sign-in.ts';
import type { FocusRef } from './wire.ts';

/** What a focus answered to a ping. */
export interface Measured {
  url: string;
  /** ms; on an open connection. */
  roundTripMs: number;
  /** It takes nobody new unless it is calm. */
  load: 'calm' | 'careful' | 'shedding';
}

const WELL_KNOWN_TIMEOUT_MS = 4_000;
const PING_TIMEOUT_MS = 2_000;
/** Foci of one operator, and foci of members, that are measured. */
const MOST_FOCI = 8;

/** Who looks for a focus. */
export interface Seeker {
  userId: string;
  homeserverUrl: string;
}

/**
 * The focus that somebody should call by. Undefined where their operator names none, or nobody near answers: then it is as
 * without discovery. Rejects where `others` does, and never else.
 * @param others foci that members of the call use, for when no focus of the own operator takes us
 */
export async function pickFocus(
  seeker: Seeker,
  others: () => Promise<readonly FocusRef[]>,
): Promise<OwnFocus | undefined> {
  const own = await announcedFoci(seeker);
  if (own.length === 0) return undefined;
  const picked = await firstOf(byNearness(await measureAll(own)), () => true);
  return picked ?? pickOfOthers((await others()).slice(0, MOST_FOCI));
}

/** Those that take newcomers, the nearest first. Pure. */
export function byNearness(measured: readonly Measured[]): Measured[] {
  return measured.filter(({ load }) => load === 'calm').toSorted((a, b) => a.roundTripMs - b.roundTripMs);
}

/**
 * Where a focus of another operator is, that operator's word alone says: whoever is asked there is shown who we are. And an
 * operator speaks for foci of the own server alone.
 */
async function pickOfOthers(others: readonly FocusRef[]): Promise<OwnFocus | undefined> {
  const servers = [...new Set(others.flatMap(({ userId }) => serverOf(userId) ?? []))];
  const servedBy = new Map<string, string[]>();
  const urls = await Promise.all(
    servers.map(async server => {
      const urls = await fociAt(wellKnownOf(server));
      for (const url of urls) servedBy.set(url, [...(servedBy.get(url) ?? []), server]);
      return urls;
    }),
  );
  const measured = byNearness(await measureAll([...new Set(urls.flat())]));
  return firstOf(
    measured,
    ({ userId, deviceId }, url) =>
      others.some(other => other.userId === userId && other.deviceId === deviceId) &&
      (servedBy.get(url) ?? []).includes(serverOf(userId) ?? ''),
  );
}

/** The first that says who it is, and is one that is wanted. */
async function firstOf(
  measured: readonly Measured[],
  isWanted: (focus: FocusRef, url: string) => boolean,
): Promise<OwnFocus | undefined> {
  for (const { url } of measured) {
    const focus = await askFocus(url);
    if (focus !== undefined && isWanted(focus, url)) return focus;
  }
  return undefined;
}

/** `org.weir.foci` of `.well-known/matrix/client`: by the user's server name as the specification has it, else where the homeserver itself is. */
async function announcedFoci({ userId, homeserverUrl }: Seeker): Promise<string[]> {
  const server = serverOf(userId);
  const [named, direct] = await Promise.all([
    server === undefined ? [] : fociAt(wellKnownOf(server)),
    fociAt(`${homeserverUrl}/.well-known/matrix/client`),
  ]);
  return named.length > 0 ? named : direct;
}

function wellKnownOf(server: string): string {
  return `https://${server.replace(/:\d+$/, '')}/.well-known/matrix/client`;
}

async function fociAt(wellKnownUrl: string): Promise<string[]> {
  try {
    const answer = await fetch(wellKnownUrl, { signal: AbortSignal.timeout(WELL_KNOWN_TIMEOUT_MS) });
    const parsed = answer.ok ? readAnnouncedFoci(await answer.json()) : undefined;
    if (parsed?.kind !== 'ok') return [];
    const urls = (parsed.value['org.weir.foci'] ?? []).map(({ url }) => url);
    return urls.filter(url => /^https?:$/.test(URL.parse(url)?.protocol ?? '')).slice(0, MOST_FOCI);
  } catch {
    return [];
  }
}

async function measureAll(urls: readonly string[]): Promise<Measured[]> {
  const measured = await Promise.all(urls.map(measure));
  return measured.flatMap(one => one ?? []);
}

async function measure(url: string): Promise<Measured | undefined> {
  // The first opens the connection, which takes some round trips of its own.
  const first = await ping(url);
  return first === undefined ? undefined : ((await ping(url)) ?? first);
}

/** Undefined where it does not answer in time, or no call can begin there. */
async function ping(url: string): Promise<Measured | undefined> {
  const begun = performance.now();
  try {
    const answer = await fetch(new URL('/v1/ping', url), {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(PING_TIMEOUT_MS),
    });
    const roundTripMs = performance.now() - begun;
    const parsed = answer.ok ? readPing(await answer.json()) : undefined;
    return parsed?.kind === 'ok' ? { url, roundTripMs, load: parsed.value.load } : undefined;
  } catch {
    return undefined;
  }
}
