import { describe, expect, it } from 'vitest';
import { E2EE_PARTS } from '../arguments.ts';
import type { CallFigures } from './figures.ts';
import { READERS } from './replay/replays.ts';
import { judge, type Measured } from './result.ts';

const REPLAYS = READERS.map(who => ({ who, frames: 1_000, decoded: 0, controlDecoded: 999 }));
const CALL: CallFigures = {
  participants: 4,
  pairs: 12,
  decoded: 12,
  frames: { received: 5_000, identical: 5_000, different: [] },
  replays: REPLAYS,
  rekeyMs: 1_200.4,
  rekeyGapMs: 120.6,
  bytes: { encrypted: 1_030, clear: 1_000 },
  inTheClear: 0,
};
const GOOD: Measured = {
  vectors: [],
  call: CALL,
  cost: [
    { encrypted: 5, clear: 1 },
    { encrypted: 101, clear: 100 },
    { encrypted: 99, clear: 100 },
  ],
  trunk: { pairs: 8, decoded: 8 },
};

describe('a run', () => {
  it('in bounds has no failures, and says all that was measured', () => {
    expect(JSON.stringify(judge(GOOD, E2EE_PARTS, []))).toBe(
      JSON.stringify({
        participants: 4,
        pairs: 12,
        decoded: 12,
        frames_identical_pct: 100,
        replayed: READERS.map(who => ({ who, frames: 1_000, decoded: 0, control_decoded_pct: 99.9 })),
        rekey_ms: 1_200,
        rekey_gap_ms: 121,
        cpu_ratio: 1.01,
        bytes_ratio: 1.03,
        rfc9605_vectors: 'pass',
        across_trunk: { pairs: 8, decoded: 8 },
        failures: [],
      }),
    );
  });

  it('that measured nothing fails in each part that was asked for, and only there', () => {
    for (const part of E2EE_PARTS) expect(judge({}, [part], []).failures, part).toHaveLength(1);
    expect(judge({}, [], []).failures).toEqual([]);
  });

  it('keeps what broke', () => {
    expect(judge(GOOD, E2EE_PARTS, ['broke']).failures).toEqual(['broke']);
  });

  const replayed = (who: string, change: object): Partial<CallFigures> => ({
    replays: REPLAYS.map(each => (each.who === who ? { ...each, ...change } : each)),
  });

  it.each<[string, Partial<CallFigures>]>([
    ['participants is 3', { participants: 3 }],
    ['pairs is 6', { pairs: 6 }],
    ['decoded is 11', { decoded: 11 }],
    ['frames_identical_pct is 99.99', { frames: { received: 100_000, identical: 99_999, different: [] } }],
    ['frames_identical_pct was not measured', { frames: { received: 0, identical: 0, different: [] } }],
    ['the focus reads 1 of 1000', replayed('focus', { decoded: 1 })],
    ['the outsider reads 2 of 1000', replayed('outsider', { decoded: 2 })],
    ['no frames that the ex_member must not', replayed('ex_member', { frames: 0, controlDecoded: 0 })],
    ['89.9 % of the frames for the newcomer', replayed('newcomer', { controlDecoded: 899 })],
    ['nothing was replayed to the newcomer', { replays: REPLAYS.slice(0, 3) }],
    ['rekey_ms is 5000', { rekeyMs: 5_000 }],
    ['rekey_ms was not measured', { rekeyMs: undefined }],
    ['rekey_gap_ms is 500', { rekeyGapMs: 499.6 }],
    ['rekey_gap_ms was not measured', { rekeyGapMs: undefined }],
    ['bytes_ratio is 1.1', { bytes: { encrypted: 11, clear: 10 } }],
    ['bytes_ratio was not measured', { bytes: { encrypted: 0, clear: 0 } }],
    ['1 frames came to the focus in the clear', { inTheClear: 1 }],
  ])('misses a bound: %s', (missed, change) => {
    const { failures } = judge({ ...GOOD, call: { ...CALL, ...change } }, E2EE_PARTS, []);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(missed);
  });

  it.each<[string, Measured]>([
    ['cpu_ratio is 1.1', { ...GOOD, cost: [{ encrypted: 11, clear: 10 }] }],
    ['cpu_ratio was not measured', { ...GOOD, cost: [] }],
    ['cpu_ratio was not measured', { ...GOOD, cost: [{ encrypted: 1, clear: 0 }] }],
    ['RFC 9605: suite 4', { ...GOOD, vectors: ['suite 4'] }],
    ['across_trunk.decoded is 7', { ...GOOD, trunk: { pairs: 8, decoded: 7 } }],
    ['across_trunk.pairs is 0', { ...GOOD, trunk: { pairs: 0, decoded: 0 } }],
  ])('misses a bound: %s', (missed, measured) => {
    const { failures } = judge(measured, E2EE_PARTS, []);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(missed);
  });
});
