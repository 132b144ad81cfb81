import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../result.ts';
import { syntheticKnee, syntheticVoid, syntheticWell } from '../synthetic.ts';
import type { Phase } from './phase.ts';
import { renderLine, renderScreen } from './screen.ts';

const HOLD: Phase = { kind: 'holding', participants: 280, leftMs: 17_300, next: 320 };
const WIDTHS = [60, 80, 100, 200];

function screen(samples: readonly Sample[], width = 80, phase = HOLD, colours = false): string[] {
  return renderScreen({ name: 'talkers', most: 320, phase, samples }, width, colours);
}

/** The lines of a row, from its label to the next one. */
function rowOf(lines: readonly string[], label: string): string {
  const from = lines.findIndex(line => line.startsWith(label));
  if (from === -1) throw new Error(`there is no row "${label}"`);
  const length = lines.slice(from + 1).findIndex(line => !line.startsWith(' '));
  return lines.slice(from, length === -1 ? undefined : from + 1 + length).join('\n');
}

/** The first sample of `run` that has what is looked for, and all before it. */
function until(samples: readonly Sample[], holds: (sample: Sample) => boolean): Sample[] {
  return samples.slice(0, samples.findIndex(holds) + 1);
}

describe('the live view', () => {
  const { samples } = syntheticKnee();

  it.each(WIDTHS)('is never wider than %d columns, and shows every row', width => {
    for (const run of [syntheticKnee(), syntheticVoid(), syntheticWell()]) {
      const lines = screen(run.samples, width);
      expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(width);
      for (const label of [
        'participants',
        'unhappy',
        'join',
        'first media',
        'bitrate',
        'loss',
        'focus',
        'homeserver',
        'tester',
      ]) {
        expect(rowOf(lines, label)).not.toBe('');
      }
    }
  });

  it.each(WIDTHS)('fits a terminal of 24 lines at %d columns', width => {
    expect(screen(samples, width).length).toBeLessThan(24);
  });

  it('cuts what does not fit at all, and still throws at nobody', () => {
    for (const width of [1, 10, 39]) {
      expect(Math.max(...screen(samples, width).map(line => line.length))).toBeLessThanOrEqual(width);
    }
  });

  it('says the same with and without colours', () => {
    const coloured = screen(samples, 80, HOLD, true);
    expect(coloured.join('')).toContain('\u001b[');
    expect(coloured.map(line => stripVTControlCharacters(line).trimEnd())).toEqual(screen(samples));
    expect(screen(samples).join('')).not.toContain('\u001b');
  });

  it('says what happens now, what comes next, and how long it has been', () => {
    const head = (phase: Phase): string => screen(samples, 80, phase).slice(0, 2).join('\n');
    expect(head(HOLD)).toMatch(/talkers.* 2:55\nhold 280: 18 s more, then ramp to 320/);
    expect(head({ kind: 'growing', towards: 120 })).toContain('ramp to 120');
    expect(head({ kind: 'settling', participants: 120, atMostMs: 9_000 })).toContain('all 120 have media, 9 s at most');
    expect(head({ kind: 'holding', participants: 320, leftMs: 0, next: undefined })).toContain('then end');
  });

  it('shows who is in, wanted and failed as parts of the ramp', () => {
    const [latest] = samples.slice(-1);
    if (latest === undefined) throw new Error('there is no sample');
    const lines = screen([{ ...latest, connected: 80, wanted: 160, failed: 16 }], 77);
    const bar = rowOf(lines, 'participants').split('\n')[0] ?? '';
    expect([...bar].filter(one => one === '█')).toHaveLength(16);
    expect([...bar].filter(one => one === '▒')).toHaveLength(16);
    expect([...bar].filter(one => one === '×').length).toBeGreaterThan(0);
    expect(rowOf(lines, 'participants')).toMatch(/80 in +160 wanted +16 failed/);
  });

  it('names the reasons of the unhappy, and no others', () => {
    const unhappy = rowOf(
      screen(until(samples, one => one.unhappy.no_first_media > 0 && one.unhappy.no_layer === 0)),
      'unhappy',
    );
    expect(unhappy).toMatch(/no first media \d/);
    expect(unhappy).not.toContain('no layer');
  });

  it('keeps the times of the last joins while nobody joins', () => {
    const joined = until(samples, ({ joinMs }) => joinMs !== undefined);
    const later = samples
      .slice(joined.length)
      .filter(({ joinMs }) => joinMs === undefined)
      .slice(0, 5);
    const times = (lines: readonly string[]): string | undefined => /median \S+ \S+/.exec(rowOf(lines, 'join'))?.[0];
    expect(times(screen([...joined, ...later]))).toBe(times(screen(joined)));
    expect(times(screen(joined))).toBeDefined();
  });

  it('leaves out what was not measured', () => {
    const bare = samples.map(sample => ({
      ...sample,
      focus: undefined,
      homeserver: undefined,
      joinMs: undefined,
      layers: {},
    }));
    const lines = screen(bare);
    for (const label of ['focus', 'homeserver', 'layers'])
      expect(lines.some(line => line.startsWith(label))).toBe(false);
    expect(rowOf(lines, 'join')).toContain('–');
  });

  it('warns in words where the tester nears its limit', () => {
    expect(screen(samples.slice(0, 30)).join('\n')).not.toContain('limit');
    const latest = samples.at(-1);
    if (latest === undefined) throw new Error('there is no sample');
    const warned = (tester: Partial<Sample['tester']>): string =>
      screen([{ ...latest, tester: { ...latest.tester, ...tester } }])
        .join(' ')
        .replaceAll(/\s+/g, ' ');
    expect(warned({ busiestThreadPct: 93 })).toContain('its busiest thread takes 93 % of a core');
    expect(warned({ loopLagMs: 140 })).toContain('its event loop is 140 ms late');
    expect(warned({ dropped: 12 })).toContain('dropped 12 packets before the tester read them');
    expect(warned({ machinePct: 97, machineSharePct: 80 })).toContain('97 % of its machine is busy');
  });

  it('takes nothing from a name that would move the cursor', () => {
    const lines = renderScreen({ name: 'a\u001b[2Jb\n\u009bc', most: 10, phase: HOLD, samples }, 80, false);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });

  it('has a line for logs with the same figures', () => {
    const line = renderLine({ name: 'talkers', most: 320, phase: HOLD, samples });
    expect(line).toMatch(/hold 280.*280 of 280 in.*unhappy .*%.*first media .*loss .*worker .*tester/);
    expect(line).not.toMatch(/\p{Cc}/u);
  });
});
