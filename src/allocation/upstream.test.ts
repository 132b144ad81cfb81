import { describe, expect, it } from 'vitest';
import { type UpstreamMemory, wantedLayers } from './upstream.ts';
import type { Grant } from './wants.ts';

const ALL = [true, true, true];
const at = (layer: number): Grant => ({ kind: 'layer', layer });
const paused = (reason: Extract<Grant, { kind: 'paused' }>['reason']): Grant => ({ kind: 'paused', reason });

/** Such as `0 2`. */
function listed(wanted: readonly boolean[]): string {
  return wanted.flatMap((isWanted, layer) => (isWanted ? [String(layer)] : [])).join(' ');
}

describe('the layers that a publisher is to send', () => {
  it.each<[what: string, viewers: Grant[], available: boolean[], wanted: string]>([
    ['none without viewers', [], ALL, ''],
    ['none where nobody draws it', [paused('hidden'), paused('hidden')], ALL, ''],
    ['the lowest for one at the lowest', [at(0)], ALL, '0'],
    ['what is granted, and the lowest to fall back to', [at(2)], ALL, '0 2'],
    ['what anybody is granted', [at(1), paused('hidden'), at(2)], ALL, '0 1 2'],
    ['the lowest for one who has no bandwidth for it', [paused('bandwidth')], ALL, '0'],
    ['the lowest for one who got nothing as nothing arrived', [paused('no_layer')], ALL, '0'],
    ['the lowest available one to fall back to', [at(2)], [false, true, true], '1 2'],
    ['not what the publisher took off', [at(2)], [true, true, false], '0'],
    ['nothing where it took all off', [at(0)], [false, false, false], ''],
    ['nothing where there are no layers', [at(0)], [], ''],
    ['nothing beyond the layers', [at(9)], ALL, '0'],
  ])('%s', (_what, viewers, available, wanted) => {
    expect(listed(wantedLayers(viewers, available, undefined, 0).wanted)).toBe(wanted);
  });
});

describe('over time', () => {
  function track() {
    let memory: UpstreamMemory | undefined;
    let lookAgainAt: number | undefined;
    return {
      after(ms: number, viewers: Grant[], available = ALL): string {
        const upstream = wantedLayers(viewers, available, memory, ms);
        ({ memory, lookAgainAt } = upstream);
        return listed(upstream.wanted);
      },
      looksAgainAt: () => lookAgainAt,
    };
  }

  it('a layer goes on at once, and off when nobody has wanted it for 1 s', () => {
    const { after, looksAgainAt } = track();
    expect(after(0, [])).toBe('');
    expect(after(10, [at(2)])).toBe('0 2');
    expect(looksAgainAt()).toBeUndefined();
    expect(after(5_000, [at(1)])).toBe('0 1 2');
    expect(looksAgainAt()).toBe(6_000);
    expect(after(5_999, [at(1)])).toBe('0 1 2');
    expect(after(6_000, [at(1)])).toBe('0 1');
    expect(looksAgainAt()).toBeUndefined();
  });

  it('all goes off 1 s after the last viewer left', () => {
    const { after } = track();
    after(0, [at(2)]);
    expect(after(100, [])).toBe('0 2');
    expect(after(1_100, [])).toBe('');
  });

  it('a layer that somebody wants again in that second never stops, and the second begins anew', () => {
    const { after } = track();
    after(0, [at(2)]);
    after(100, [at(0)]);
    expect(after(900, [at(2)])).toBe('0 2');
    expect(after(1_500, [at(0)])).toBe('0 2');
    expect(after(2_400, [at(0)])).toBe('0 2');
    expect(after(2_500, [at(0)])).toBe('0');
  });

  it('a layer that its publisher takes off does not linger, and is wanted at once when it is back', () => {
    const { after, looksAgainAt } = track();
    after(0, [at(2)]);
    expect(after(100, [at(1)], [true, true, false])).toBe('0 1');
    expect(looksAgainAt()).toBeUndefined();
    expect(after(200, [at(1)])).toBe('0 1');
    expect(after(300, [at(2)])).toBe('0 1 2');
  });
});
