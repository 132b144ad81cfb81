/** What clients asked to be told of (extension `org.weir.tell`): their allocation, the speakers, the levels. */
import type { GrantedTrack, OfferedLayer } from '../../signalling/wire/streams.ts';
import { type SubscriptionKey, type TrackRef, trackOfSubscription } from '../session.ts';
import { tell } from './effects.ts';
import { layersOf, layerSizes } from './layers.ts';
import type { Effect } from './messages.ts';
import { idsOf } from './metadata.ts';
import { wantsOf } from './speakers.ts';
import type { Conference, Participant } from './state.ts';

/** ms between two messages that tell of nothing but a new estimate, and the change that is worth one. */
const ESTIMATE_EVERY_MS = 1_000;
const ESTIMATE_CHANGE = 0.05;
const LEVELS_EVERY_MS = 400;

export function tellStreams(conference: Conference, client: Participant, now: number, effects: Effect[]): void {
  if (client.kind === 'focus' || client.control.kind !== 'open') return;
  const { asked } = client.telling;
  if (asked.has('allocation')) tellAllocation(conference, client, now, effects);
  if (asked.has('speakers')) tellSpeakers(conference, client, effects);
  // Who hears of levels already hears of changes with all the others.
  if (asked.has('audio_levels') && client.telling.levelsAt === 0) tellLevels(conference, client, now, effects);
}

function tellAllocation(conference: Conference, viewer: Participant, now: number, effects: Effect[]): void {
  const { telling, viewing } = viewer;
  // Nothing was decided anew.
  if (telling.toldOf === viewing.allocation) return;
  const { available } = viewing;
  const tracks: GrantedTrack[] = [];
  const wants = wantsOf(conference, viewer);
  for (const [key, wanted] of wants) {
    const granted = grantedTrack(conference, viewer, key, wanted);
    if (granted === undefined) continue;
    const text = JSON.stringify(granted);
    if (telling.grants.get(key) === text) continue;
    telling.grants.set(key, text);
    tracks.push(granted);
  }
  for (const key of telling.grants.keys()) if (!wants.has(key)) telling.grants.delete(key);
  const before = telling.available;
  const moved =
    available !== undefined && (before === undefined || Math.abs(available - before) > before * ESTIMATE_CHANGE);
  const { state } = viewing.allocation;
  const isNew = tracks.length > 0 || state !== telling.state;
  if (!isNew && moved && now - telling.availableAt < ESTIMATE_EVERY_MS) return;
  telling.toldOf = viewing.allocation;
  if (!isNew && !moved) return;
  telling.state = state;
  telling.available = available;
  telling.availableAt = now;
  effects.push(
    tell(viewer, {
      kind: 'streams',
      message: { kind: 'allocation', available, state, tracks },
    }),
  );
}

function grantedTrack(
  conference: Conference,
  viewer: Participant,
  key: SubscriptionKey,
  wanted: TrackRef & { variant?: string },
): GrantedTrack | undefined {
  const publication = conference.tracks.get(trackOfSubscription(key, wanted));
  const publisher = publication && conference.participants.get(publication.publisher);
  const grant = viewer.viewing.allocation.grants.get(key);
  if (publication?.track.kind !== 'video' || publisher === undefined || grant === undefined) return undefined;
  const { size, scales } = layerSizes(publisher, publication);
  const layers = layersOf(publisher, publication).map(({ live }, index): OfferedLayer => {
    const scale = scales[index] ?? 1;
    return {
      ...(size === undefined ? {} : { width: Math.round(size.width / scale), height: Math.round(size.height / scale) }),
      live,
    };
  });
  return { ...idsOf(wanted), grant, layers };
}

/** Tells all who asked for it what has changed of who speaks, and how loud. */
export function tellListeners(conference: Conference, now: number, effects: Effect[]): void {
  const { speakers, roster, due } = conference;
  const tellsLevels = speakers.levelsDue && now - speakers.levelsAt >= LEVELS_EVERY_MS;
  if (!tellsLevels && due.before.speakersVersion === speakers.version) return;
  if (tellsLevels) Object.assign(speakers, { levelsDue: false, levelsAt: now });
  for (const client of roster.listeners) {
    if (client.control.kind !== 'open') continue;
    if (client.telling.asked.has('speakers')) tellSpeakers(conference, client, effects);
    if (!tellsLevels || !client.telling.asked.has('audio_levels')) continue;
    if (!tellLevels(conference, client, now, effects)) speakers.levelsDue = true;
  }
}

function tellSpeakers(conference: Conference, client: Participant, effects: Effect[]): void {
  const { speakers } = conference;
  if (client.telling.speakersVersion === speakers.version) return;
  client.telling.speakersVersion = speakers.version;
  const latest = speakers.latest.flatMap(track => conference.tracks.get(track)?.track.ref ?? []);
  effects.push(tell(client, { kind: 'streams', message: { kind: 'speakers', latest } }));
}

/** False where it was told too lately. */
function tellLevels(conference: Conference, client: Participant, now: number, effects: Effect[]): boolean {
  const { telling } = client;
  if (now - telling.levelsAt < LEVELS_EVERY_MS) return false;
  const levels = [...conference.speakers.levels].flatMap(([track, { level }]) => {
    const ref = conference.tracks.get(track)?.track.ref;
    return ref === undefined ? [] : { ...ref, level };
  });
  // Silence is told once.
  if (levels.length === 0 && telling.levelsAt === 0) return true;
  telling.levelsAt = levels.length === 0 ? 0 : now;
  effects.push(tell(client, { kind: 'streams', message: { kind: 'audio_levels', levels } }));
  return true;
}
