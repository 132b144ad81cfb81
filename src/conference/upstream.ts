/** What publishers are asked to send: the layers that somebody gets, and no others (extension `org.weir.layers_wanted`). */
import type { TrackLayers } from '../../signalling/wire/streams.ts';
import { isOnScreen, LINGER_MS, wantedLayers } from '../allocation/upstream.ts';
import type { Grant } from '../allocation/wants.ts';
import type { TrackKey } from '../session.ts';
import { tell } from './effects.ts';
import type { Effect } from './messages.ts';
import { isAllowed } from './permissions.ts';
import { clientCount, type Conference, type Participant, type Publication, type ViewerAsk } from './state.ts';
import { asksOf } from './upstream-asks.ts';

/** ms. Who has just come is about to ask: what it will want must not have to be started first. */
const NEWCOMER_MS = 3_000;
/** In a larger call a newcomer's tiles are small: the lowest layers will do, and those run already. */
const SMALL_CALL = 9;
/** ms that a layer stays on a trunk after nobody wants it: most viewers who leave one come back, and would wait for its publisher. */
const TRUNK_LINGER_MS = 15_000;

/** Tells publishers which layers are wanted, where that changed. */
export function steerUpstream(conference: Conference, now: number, effects: Effect[]): void {
  const { due, tracks, participants } = conference;
  const isSmall = clientCount(conference) <= SMALL_CALL;
  // Newcomers concern all: there are few tracks then.
  const concerned = isSmall !== due.before.wasSmall || isSmall ? tracks.keys() : due.upstream;
  due.before.wasSmall = isSmall;
  const newcomers = newcomersIn(conference, now);
  const changed = new Map<Participant, TrackLayers[]>();
  for (const key of concerned) {
    const publication = tracks.get(key);
    const publisher = publication && participants.get(publication.publisher);
    if (publication === undefined || publisher?.control.kind !== 'open') continue;
    if (isAskedAnew(conference, publisher, key, publication, newcomers, now))
      changed.set(publisher, [...(changed.get(publisher) ?? []), layersWanted(publication)]);
  }
  for (const [publisher, layers] of changed)
    effects.push(tell(publisher, { kind: 'streams', message: { kind: 'layers_wanted', tracks: layers } }));
}

function isAskedAnew(
  conference: Conference,
  publisher: Participant,
  key: TrackKey,
  publication: Publication,
  newcomers: ReadonlySet<Participant>,
  now: number,
): boolean {
  if (publisher.kind === 'focus') return isAskedAcross(conference, key, publication, now);
  // Voices are always wanted, where they may be heard at all.
  if (publication.track.kind === 'audio' || !isAllowed(conference, publisher, publication))
    return request(publication, allowedLayers(conference, publisher, publication), now);
  const awaited = [...newcomers].some(newcomer => newcomer !== publisher);
  return steer(publication, asksOf(conference, key), { awaited, lingerMs: LINGER_MS }, now);
}

/** Of what would come by a trunk nothing is wanted before somebody wants it, voices included. */
function isAskedAcross(conference: Conference, key: TrackKey, publication: Publication, now: number): boolean {
  const { kind } = publication.track;
  const lingerMs = kind === 'audio' ? LINGER_MS : TRUNK_LINGER_MS;
  const before = publication.toldViewers;
  publication.toldViewers = viewersOf(conference, key, publication);
  const asksAnew = steer(publication, asksOf(conference, key), { awaited: false, lingerMs }, now);
  const isAnswer = publication.owesAnswer;
  publication.owesAnswer = false;
  const weighsAnew = publication.toldViewers.some((viewers, layer) => viewers !== before[layer]);
  return asksAnew || isAnswer || (weighsAnew && publication.toldWanted?.includes(true) === true);
}

/** How many would miss each layer, about: powers of two, as it is told anew at each change. The lowest is what all fall back to. */
function viewersOf({ roster }: Conference, key: TrackKey, { layers }: Publication): number[] {
  const counts = layers.map(() => 0);
  for (const { ask, viewers } of roster.asked.get(key)?.values() ?? []) {
    if (!isOnScreen(ask.grant)) continue;
    counts[0] = (counts[0] ?? 0) + viewers;
    if (ask.grant.kind === 'layer' && ask.grant.layer > 0)
      counts[ask.grant.layer] = (counts[ask.grant.layer] ?? 0) + viewers;
  }
  return counts.map(count => (count === 0 ? 0 : 2 ** Math.floor(Math.log2(count))));
}

/** True where its publisher has to be told. */
function steer(
  publication: Publication,
  grants: readonly ViewerAsk[],
  { awaited, lingerMs }: { awaited: boolean; lingerMs: number },
  now: number,
): boolean {
  const offered = publication.layers.map(layer => layer.offered);
  const runs = grants.some(({ grant }) => isOnScreen(grant));
  // What a viewer is still shown goes on until it has moved, which waits for a keyframe.
  const occupied = publication.layers.map((_, index) => grants.some(({ shown }) => shown === index));
  const { wanted, memory, lookAgainAt } = wantedLayers(
    [...grants.flatMap(viewer => asksFor(publication, viewer)), ...(awaited && !runs ? offered.map(allOf) : [])],
    offered,
    publication.upstream,
    now,
    lingerMs,
  );
  publication.upstream = memory;
  publication.steerAt = lookAgainAt;
  const told = wanted.map((one, index) => one || occupied[index] === true);
  return request(publication, told, now);
}

/** None of a track that is forwarded to nobody, else all. */
function allowedLayers(conference: Conference, publisher: Participant, publication: Publication): boolean[] {
  const all = isAllowed(conference, publisher, publication);
  if (!all) Object.assign(publication, { upstream: undefined, steerAt: undefined });
  return publication.layers.map(() => all);
}

/** Notes what its publisher is to send. True where it has to be told. */
function request(publication: Publication, told: readonly boolean[], now: number): boolean {
  const before = publication.toldWanted ?? told.map(() => true);
  if (told.every((one, index) => one === before[index])) return false;
  publication.toldWanted = told;
  publication.toldWantedAt = now;
  return true;
}

/** What a viewer gets, and what it would get if only that came: it is asked for until it does. */
function asksFor({ layers }: Publication, { grant, ideal }: ViewerAsk): Grant[] {
  if (grant.kind === 'paused' && grant.reason !== 'no_layer') return [grant];
  const highest = grant.kind === 'layer' ? Math.max(grant.layer, ideal) : ideal;
  const missing = layers.flatMap(({ missed }, layer): Grant[] =>
    missed && layer <= highest ? [{ kind: 'layer', layer }] : [],
  );
  return [grant, ...missing];
}

function allOf(_: boolean, layer: number): Grant {
  return { kind: 'layer', layer };
}

function layersWanted({ track, toldWanted = [], toldViewers }: Publication): TrackLayers {
  return {
    ...track.ref,
    layers: track.layers.map(({ rid }, index) => ({
      ...(rid === undefined ? {} : { rid }),
      active: toldWanted[index] ?? true,
      ...(toldWanted[index] === true && toldViewers[index] !== undefined ? { viewers: toldViewers[index] } : {}),
    })),
  };
}

/** Those behind a trunk that has just opened are about to ask, too. */
function newcomersIn(conference: Conference, now: number): Set<Participant> {
  const newcomers = new Set<Participant>();
  if (clientCount(conference) > SMALL_CALL) return newcomers;
  for (const participant of conference.participants.values()) {
    const { stage } = participant;
    if (stage.kind === 'joining' || (stage.kind === 'present' && now - stage.since < NEWCOMER_MS))
      newcomers.add(participant);
  }
  return newcomers;
}
