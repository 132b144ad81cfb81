/** What a conference keeps beside its participants, made anew from them: both must be the same after each step. */
import { nothingIsDue } from '../conference/due.ts';
import type { Effect } from '../conference/messages.ts';
import { allowedMetadata } from '../conference/permissions.ts';
import { shownVersion } from '../conference/shown-streams.ts';
import { wantsOf } from '../conference/speakers.ts';
import type { Conference, Participant } from '../conference/state.ts';
import { step } from '../conference/step.ts';
import { keyOfTrack } from '../session.ts';

type Lists = Record<string, string[]>;

/** What is kept, as text that compares. */
export function kept(conference: Conference): Lists {
  const { roster, participants, shown, dataForwards } = conference;
  const members = (set: ReadonlySet<Participant>): string[] => [...set].map(({ key }) => key).toSorted();
  return {
    foci: members(roster.foci),
    users: [...roster.ofUser].flatMap(([user, sessions]) => members(sessions).map(key => `${user} ${key}`)).toSorted(),
    announcers: [...roster.announcers].map(([streamId, { key }]) => `${streamId} ${key}`).toSorted(),
    publishers: members(roster.publishers),
    followers: [...roster.followers].flatMap(([track, set]) => members(set).map(key => `${track} ${key}`)).toSorted(),
    follows: [...participants.values()]
      .flatMap(({ key, viewing }) => [...viewing.follows].map(track => `${track} ${key}`))
      .toSorted(),
    asked: [...roster.asked]
      .flatMap(([track, parts]) => [...parts].map(([part, { viewers }]) => `${track} ${part}: ${viewers}`))
      .toSorted(),
    auto: members(roster.auto),
    listeners: members(roster.listeners),
    dataPublishers: members(roster.dataPublishers),
    dataViewers: members(roster.dataViewers),
    shown: [...shown.streams].map(([id, { by, stream }]) => `${id} ${by.key} ${JSON.stringify(stream)}`).toSorted(),
    dataForwards: [String(dataForwards)],
  };
}

/** The same, from the participants alone. */
export function fromScratch(conference: Conference): Lists {
  const all = [...conference.participants.values()];
  const keysWhere = (belongs: (one: Participant) => boolean): string[] =>
    all.flatMap(one => (belongs(one) ? [one.key as string] : [])).toSorted();
  const followers = all.flatMap(one => followedBy(conference, one).map(track => `${track} ${one.key}`)).toSorted();
  return {
    foci: keysWhere(({ kind }) => kind === 'focus'),
    users: all.flatMap(({ kind, key, session }) => (kind === 'client' ? `${session.userId} ${key}` : [])).toSorted(),
    announcers: all.flatMap(({ key, metadata }) => Object.keys(metadata).map(id => `${id} ${key}`)).toSorted(),
    publishers: keysWhere(({ published }) => published.size > 0),
    followers,
    follows: followers,
    asked: countedAsks(all),
    auto: keysWhere(one => one.kind === 'client' && one.auto !== undefined),
    listeners: keysWhere(({ telling: { asked } }) => asked.has('speakers') || asked.has('audio_levels')),
    dataPublishers: keysWhere(({ data }) => data.channels.size > 0),
    dataViewers: keysWhere(({ data }) => data.labels !== undefined),
    shown: all
      .filter(({ stage }) => stage.kind === 'present')
      .flatMap(one =>
        Object.entries(allowedMetadata(conference, one)).map(
          ([id, stream]) => `${id} ${one.key} ${JSON.stringify(stream)}`,
        ),
      )
      .toSorted(),
    dataForwards: [String(all.reduce((sum, { data }) => sum + data.forwards.size, 0))],
  };
}

function followedBy(conference: Conference, viewer: Participant): string[] {
  const wanted = [...wantsOf(conference, viewer).values()].map(keyOfTrack);
  const offered = [...viewer.offered.values()].map(({ source }) => keyOfTrack(source));
  return [...new Set([...wanted, ...offered])];
}

function countedAsks(all: readonly Participant[]): string[] {
  const counts = new Map<string, number>();
  for (const { viewing } of all) {
    for (const { track, part } of viewing.asks.values()) {
      const text = `${track} ${part}`;
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return [...counts].map(([text, viewers]) => `${text}: ${viewers}`).toSorted();
}

/** What a step that looks at everybody and everything would still do: nothing, where the last one missed nothing. */
export function missedIn(conference: Conference, now: number): Effect[] {
  const copy = structuredClone(conference);
  nothingIsDue(copy);
  // What waits to be told with other changes is not missed.
  Object.assign(copy.shown, { toldVersion: shownVersion(copy.shown) });
  copy.due.everything = true;
  return step(copy, [], now);
}
