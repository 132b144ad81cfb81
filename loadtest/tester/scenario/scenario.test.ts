import { describe, expect, it } from 'vitest';
import type { StreamMetadata } from '../../../signalling/wire/stream-metadata.ts';
import { loadScenario, scenarioNames } from '../cli/scenario-files.ts';
import { mostParticipants, partOf, presetFor, publishersAmong } from './cast.ts';
import { chooseTracks } from './choose.ts';
import { readScenario } from './read.ts';
import { attendanceAt, speaksAt, spreadOf } from './timeline.ts';

describe('scenario files', () => {
  it.each(scenarioNames())('%s can be played by 10, 50, 150 and 1,000', name => {
    const loaded = loadScenario(name);
    if (loaded.kind === 'bad') throw new Error(JSON.stringify(loaded.problems));
    expect(loaded.scenario.name).toBe(name);
    for (const participants of [10, 50, 150, 1_000]) {
      expect(presetFor(loaded.scenario, participants).participants).toBe(participants);
      expect(publishersAmong(loaded.scenario, participants)).toBeGreaterThan(0);
    }
    expect(mostParticipants(loaded.scenario)).toBe(Number.POSITIVE_INFINITY);
  });

  it('are told all that is wrong with them at once, each with its path', () => {
    const read = readScenario(`
schema: 1
name: Bad Name
roles:
  - name: a
    publishes: { audio: { turn_s: 5 }, smell: {} }
    subscribes: { audio: yes please, video: [{ width: 0, height: 90 }] }
presets:
  - { participants: 10, joins_per_second: 0, settle_s: 1, hold_s: 1 }
`);
    if (read.kind === 'ok') throw new Error('it is fine');
    expect(read.problems.map(({ path }) => path).toSorted()).toEqual([
      'description',
      'name',
      'presets[0].joins_per_second',
      'roles[0].publishes.smell',
      'roles[0].subscribes.audio',
      'roles[0].subscribes.video[0].width',
    ]);
  });

  it('are checked for what no single key shows', () => {
    const role = (name: string): string => `{ name: ${name}, publishes: {}, subscribes: { audio: true, video: [] } }`;
    const read = readScenario(`
schema: 1
name: odd
description: Odd.
roles: [${role('a')}, ${role('a')}]
presets:
  - { participants: 10, joins_per_second: 1, steps: [5, 3], settle_s: 1, hold_s: 1 }
`);
    if (read.kind === 'ok') throw new Error('it is fine');
    expect(read.problems.map(({ path }) => path)).toEqual([
      'roles[1].name',
      'roles[1].count',
      'roles',
      'presets[0].steps',
      'presets[0].steps',
    ]);
  });

  it.each(['', ': :', '[1, 2]', 'a: *b'])('that are something else (%j) are refused', text => {
    expect(readScenario(text).kind).toBe('bad');
  });
});

describe('the cast', () => {
  const subscribes = { audio: true, video: [] };
  const roles = [
    { name: 'listener', publishes: {}, subscribes },
    { name: 'speaker', count: 2, publishes: { audio: {} }, subscribes },
  ];

  it('fills roles with a count first, so that somebody speaks from the start', () => {
    expect([0, 1, 2, 3].map(index => partOf({ roles }, index)?.role.name)).toEqual([
      'speaker',
      'speaker',
      'listener',
      'listener',
    ]);
    expect(partOf({ roles }, 3)?.place).toBe(1);
    expect(publishersAmong({ roles }, 10)).toBe(2);
  });

  it('has an end where nobody takes the rest', () => {
    expect(mostParticipants({ roles: roles.slice(1) })).toBe(2);
    expect(partOf({ roles: roles.slice(1) }, 2)).toBeUndefined();
  });
});

describe('the timeline', () => {
  const everybody = Array.from({ length: 100 }, (_, index) => index);

  it('keeps everybody in the call where nothing changes', () => {
    expect(everybody.every(index => attendanceAt({}, index, 50_000).present)).toBe(true);
  });

  it('lets a share leave in each turn of a churn, everybody in the end, and all come back', () => {
    const churn = { every_s: 10, share_pct: 10, away_s: 3 };
    const awayAt = (ms: number): number[] => everybody.filter(index => !attendanceAt({ churn }, index, ms).present);
    expect(awayAt(9_999)).toEqual([]);
    const turns = Array.from({ length: 10 }, (_, turn) => awayAt((turn + 1) * 10_000 + 1_000));
    for (const away of turns) {
      expect(away.length).toBeGreaterThanOrEqual(8);
      expect(away.length).toBeLessThanOrEqual(12);
    }
    expect(new Set(turns.flat()).size).toBe(100);
    expect(awayAt(13_001)).toEqual([]);
  });

  it('counts a session more for each coming back, never less', () => {
    const churn = { every_s: 2, share_pct: 50, away_s: 1 };
    for (const index of everybody.slice(0, 10)) {
      let last = 0;
      for (let ms = 0; ms < 60_000; ms += 100) {
        const { session } = attendanceAt({ churn }, index, ms);
        expect(session).toBeGreaterThanOrEqual(last);
        last = session;
      }
      expect(last).toBeGreaterThan(10);
    }
  });

  it('cuts a share off in a storm, once each, and within its time', () => {
    const storm = { at_s: 5, share_pct: 50, within_s: 2 };
    const cutAt = (ms: number): number =>
      everybody.filter(index => attendanceAt({ storm }, index, ms).session === 1).length;
    expect(cutAt(4_999)).toBe(0);
    expect(cutAt(7_000)).toBe(everybody.filter(index => spreadOf(index) < 0.5).length);
    expect(cutAt(99_000)).toBe(cutAt(7_000));
    expect(attendanceAt({ storm }, 0, 7_000)).toMatchObject({ present: true, by: 'cut' });
  });

  it('lets so many speak at a time, and all of them in turn', () => {
    const audio = { speaking: 3, turn_s: 2 };
    const speakersAt = (ms: number): number[] => everybody.slice(0, 10).filter(place => speaksAt(audio, place, 10, ms));
    expect(speakersAt(0)).toEqual([0, 1, 2]);
    expect(speakersAt(2_000)).toEqual([3, 4, 5]);
    expect(speakersAt(6_000)).toEqual([0, 1, 9]);
    expect(speaksAt({}, 7, 10, 0)).toBe(true);
  });
});

describe('the choice of tracks', () => {
  const metadata: StreamMetadata = Object.fromEntries(
    ['b', 'c', 'd', 'e'].map(name => [
      `stream-${name}`,
      {
        user_id: `@${name}:x`,
        purpose: 'm.usermedia',
        audio_muted: name !== 'e',
        tracks: { [`a-${name}`]: { kind: 'audio' as const }, [`v-${name}`]: { kind: 'video' as const } },
      },
    ]),
  );
  const tiles = [
    { most: 1, width: 640, height: 360 },
    { most: 2, width: 160, height: 90 },
  ];
  const videos = (self: string, order?: 'speakers'): string[] =>
    chooseTracks({ audio: false, video: tiles, ...(order === undefined ? {} : { order }) }, self, metadata).map(
      ({ trackId, width }) => `${trackId} ${width}`,
    );

  it('begins with the neighbour, so that nobody is large for all, and never shows oneself', () => {
    expect(videos('@a:x')).toEqual(['v-b 640', 'v-c 160', 'v-d 160']);
    expect(videos('@c:x')).toEqual(['v-d 640', 'v-e 160', 'v-b 160']);
    expect(videos('@e:x')).toEqual(['v-b 640', 'v-c 160', 'v-d 160']);
  });

  it('shows those who speak first where the role says so', () => {
    expect(videos('@a:x', 'speakers')).toEqual(['v-e 640', 'v-b 160', 'v-c 160']);
  });

  it('hears everybody or nobody', () => {
    expect(chooseTracks({ audio: true, video: [] }, '@a:x', metadata)).toHaveLength(4);
    expect(chooseTracks({ audio: false, video: [] }, '@a:x', metadata)).toEqual([]);
  });
});
