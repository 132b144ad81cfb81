import { beforeEach, describe, expect, it } from 'vitest';
import type { FrameNumber } from './frame-format.ts';
import { FAILS_AFTER_MS, type FrameFailure, type ReceiveState, ReceiveWatch } from './receive-state.ts';

let now: number;
let told: ReceiveState[];
let watch: ReceiveWatch;

beforeEach(() => {
  now = 1_000;
  told = [];
  watch = new ReceiveWatch(
    state => told.push(state),
    () => now,
  );
});

const EVERY_MS = 20;
const words = (): string[] => told.map(state => (state.kind === 'failing' ? state.reason : state.kind));
const numbered = (counter: number, keyId = 0): FrameNumber => ({ keyId: BigInt(keyId), counter: BigInt(counter) });

/** Frames that fail for a while, one after the other. */
function fail(
  reasonOf: (frame: number) => FrameFailure,
  numberOf: (frame: number) => FrameNumber | undefined,
  ms: number,
): void {
  for (let frame = 0; frame * EVERY_MS < ms; frame += 1) {
    now += EVERY_MS;
    watch.refused(reasonOf(frame), numberOf(frame));
  }
}

describe('what is told of a receiver', () => {
  it('is each change, once', () => {
    watch.authentic();
    watch.authentic();
    fail(() => 'no_key', numbered, 3 * FAILS_AFTER_MS);
    watch.authentic();
    watch.restart();
    watch.restart();
    expect(words()).toEqual(['decrypted', 'no_key', 'decrypted', 'waiting']);
  });

  it('is nothing of a bad frame among good ones, nor of some', () => {
    for (let round = 0; round < 50; round += 1) {
      watch.authentic();
      fail(() => 'not_authentic', numbered, FAILS_AFTER_MS / 2);
    }
    expect(words()).toEqual(['decrypted']);
  });

  it('is nothing of a bad frame after a long silence', () => {
    watch.authentic();
    now += 60_000;
    watch.refused('not_authentic', numbered(1));
    now += 60_000;
    watch.refused('not_authentic', numbered(2));
    watch.authentic();
    expect(words()).toEqual(['decrypted']);
  });

  it('is that it fails before anything was authentic, after a while', () => {
    fail(() => 'no_key', numbered, FAILS_AFTER_MS);
    expect(words()).toEqual([]);
    fail(() => 'no_key', numbered, FAILS_AFTER_MS);
    expect(words()).toEqual(['no_key']);
  });

  it('is the reason of most frames, and another one where it changes for good', () => {
    fail(frame => (frame % 4 === 0 ? 'not_authentic' : 'no_key'), numbered, 4 * FAILS_AFTER_MS);
    expect(words()).toEqual(['no_key']);
    fail(() => 'not_authentic', numbered, 2 * FAILS_AFTER_MS + EVERY_MS);
    expect(words()).toEqual(['no_key', 'not_authentic']);
  });

  it('is no change when keys come, before a frame proves them', () => {
    fail(() => 'no_key', numbered, 2 * FAILS_AFTER_MS);
    watch.rekeyed();
    expect(words()).toEqual(['no_key']);
    watch.authentic();
    expect(words()).toEqual(['no_key', 'decrypted']);
  });
});

describe('frames that nobody encrypted', () => {
  it.each<[string, (frame: number) => FrameNumber | undefined]>([
    ['have no number', () => undefined],
    ['have always the same', () => numbered(0x49)],
    ['have any', frame => numbered((frame * 7_919) % 256, 7)],
    ['have keys that nobody has', frame => ({ keyId: BigInt(frame % 2) << 60n, counter: BigInt(frame) })],
    ['jump far', frame => numbered(frame * 100_000)],
  ])('%s', (_, numberOf) => {
    fail(() => 'no_key', numberOf, 2 * FAILS_AFTER_MS);
    expect(words()).toEqual(['clear']);
  });

  it('are not those of an encrypted stream, some of which are lost, late or of the next key', () => {
    const lost = (frame: number): FrameNumber => numbered(frame * 40);
    const late = (frame: number): FrameNumber => numbered(frame % 5 === 4 ? frame - 3 : frame);
    const rekeyed = (frame: number): FrameNumber => (frame < 15 ? numbered(frame) : numbered(frame - 15, 256));
    for (const numberOf of [lost, late, rekeyed]) {
      fail(() => 'not_authentic', numberOf, 2 * FAILS_AFTER_MS);
      expect(words()).toEqual(['not_authentic']);
    }
  });

  it('are not those that come again: they were ours', () => {
    fail(
      () => 'replayed',
      () => numbered(3),
      2 * FAILS_AFTER_MS,
    );
    expect(words()).toEqual(['replayed']);
  });
});
