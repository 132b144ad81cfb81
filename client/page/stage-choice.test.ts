import { describe, expect, it } from 'vitest';
import { chooseStage, NO_SCREEN, stageButton, type StageWishes } from './stage-choice.ts';
import { parseTabMemory } from './tab-memory.ts';

const person = (key: string): { key: string; name: string; screen: boolean } => ({ key, name: key, screen: false });
const screen = (key: string): { key: string; name: string; screen: boolean } => ({ key, name: key, screen: true });
const [ana, bo, cy] = [person('ana'), person('bo'), person('cy')];
const shared = screen('shared');

const wishes = (more: Partial<StageWishes>): StageWishes => ({
  arrangement: 'gallery',
  pinned: undefined,
  latest: [],
  ...more,
});
const speaker = (more: Partial<StageWishes> = {}): StageWishes => wishes({ arrangement: 'speaker', ...more });

describe('the stage', () => {
  it('is empty in a gallery, unless there is a screen or somebody was picked', () => {
    expect(chooseStage([ana, bo], wishes({ latest: ['bo'] }))).toBeUndefined();
    expect(chooseStage([ana, shared], wishes({}))).toEqual({ index: 1, by: 'screen' });
    expect(chooseStage([ana, bo, shared], wishes({ pinned: 'bo' }))).toEqual({ index: 1, by: 'pin' });
    expect(chooseStage([ana, bo, shared], wishes({ pinned: NO_SCREEN }))).toBeUndefined();
  });

  it('follows who speaks in speaker view', () => {
    expect(chooseStage([ana, bo, cy], speaker())).toEqual({ index: 0, by: 'voice' });
    expect(chooseStage([ana, bo, cy], speaker({ latest: ['gone', 'cy', 'bo'] }))).toEqual({ index: 2, by: 'voice' });
    expect(chooseStage([ana, bo, cy], speaker({ latest: ['cy'], pinned: 'bo' }))).toEqual({ index: 1, by: 'pin' });
    expect(chooseStage([ana, bo], speaker({ latest: ['bo'], pinned: 'gone' }))).toEqual({ index: 1, by: 'voice' });
  });

  it('goes to a shared screen before a voice, and to no screen that sounds', () => {
    expect(chooseStage([ana, bo, shared], speaker({ latest: ['bo'] }))).toEqual({ index: 2, by: 'screen' });
    const told = speaker({ latest: ['shared', 'bo'], pinned: NO_SCREEN });
    expect(chooseStage([ana, bo, shared], told)).toEqual({ index: 1, by: 'voice' });
  });

  it('is not needed by two people, or one', () => {
    expect(chooseStage([ana], speaker({ latest: ['ana'] }))).toBeUndefined();
    expect(chooseStage([], speaker())).toBeUndefined();
    expect(chooseStage([shared], speaker())).toEqual({ index: 0, by: 'screen' });
    expect(chooseStage([shared, screen('second')], speaker({ pinned: NO_SCREEN }))).toBeUndefined();
  });
});

describe('the button of a tile', () => {
  it('enlarges, and takes back', () => {
    const tiles = [ana, bo];
    expect(stageButton(tiles, 1, undefined, 'gallery')).toMatchObject({
      label: 'Enlarge bo',
      pressed: false,
      pins: 'bo',
    });
    expect(stageButton(tiles, 1, { index: 1, by: 'pin' }, 'gallery')).toMatchObject({ pressed: true, pins: undefined });
  });

  it('puts a screen back that came unasked, and lets no other screen take its place', () => {
    const stage = { index: 1, by: 'screen' } as const;
    expect(stageButton([ana, shared], 1, stage, 'gallery')).toMatchObject({ pressed: true, pins: NO_SCREEN });
    expect(stageButton([ana, shared], 0, { index: 0, by: 'pin' }, 'gallery')?.pins).toBe(NO_SCREEN);
  });

  it('keeps who speaks where they are, and follows again', () => {
    const tiles = [ana, bo, cy];
    expect(stageButton(tiles, 2, { index: 2, by: 'voice' }, 'speaker')).toEqual({
      icon: 'pin',
      label: 'Keep cy large',
      pressed: false,
      pins: 'cy',
    });
    expect(stageButton(tiles, 2, { index: 2, by: 'pin' }, 'speaker')).toMatchObject({
      label: 'Show who speaks instead',
      pins: undefined,
    });
  });

  it('is missing where there is nothing to choose', () => {
    expect(stageButton([ana], 0, undefined, 'speaker')).toBeUndefined();
    expect(stageButton([ana], 3, undefined, 'speaker')).toBeUndefined();
    expect(stageButton([shared], 0, { index: 0, by: 'screen' }, 'gallery')).toBeDefined();
  });
});

describe('the memory of a tab', () => {
  it('keeps what the person likes', () => {
    const likes = { arrangement: 'speaker', loudspeaker: 'device' } as const;
    expect(parseTabMemory(JSON.stringify(likes))).toEqual(likes);
  });

  it('is as usual where something else stands there', () => {
    for (const text of [null, '', '{', 'null', '7', '{"arrangement":"tower","loudspeaker":7}']) {
      expect(parseTabMemory(text)).toEqual({ arrangement: 'gallery', loudspeaker: '' });
    }
  });
});
