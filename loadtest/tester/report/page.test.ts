import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../result.ts';
import { syntheticKnee, syntheticVoid, syntheticWell } from '../synthetic.ts';
import { writeReport } from './page.ts';

const RUNS: [string, RunResult][] = [
  ['a knee', syntheticKnee()],
  ['a void run', syntheticVoid()],
  ['a run with everything well', syntheticWell()],
];

function pageOf(result: RunResult): Document {
  return parseHTML(writeReport(result)).document;
}

function textOf(page: Document, selector: string): string {
  return page.querySelector(selector)?.textContent ?? '';
}

describe('a report', () => {
  it.each(RUNS)('of %s asks for nothing from elsewhere, and runs nothing', (_what, run) => {
    const text = writeReport(run);
    expect(text).not.toMatch(/<script|<link|@import|url\((?!#)|src=|\son\w+=/i);
    // Names of XML's own are no addresses; the homeserver is named, not linked.
    const addresses = text.replaceAll(/xmlns(:\w+)?="[^"]*"/g, '').match(/https?:[^<"]*/g);
    expect(new Set(addresses)).toEqual(new Set(['https://matrix.example.org']));
    expect(text).not.toMatch(/href="(?!#)/);
  });

  it('keeps everything that comes from outside text', () => {
    const evil = '<img src=x onerror=alert(1)>"\'&';
    const run = syntheticKnee();
    const page = pageOf({
      ...run,
      startedAt: evil,
      scenario: { ...run.scenario, name: evil, description: evil },
      target: { homeserver: evil, focusUser: evil, focusDevice: evil },
      machine: { ...run.machine, cpu: evil, system: evil, node: evil },
      samples: run.samples.map(sample => ({ ...sample, layers: { [evil]: 7, '180': 1 } })),
      steps: run.steps.map(step => ({ ...step, reason: evil })),
      failures: [evil],
    });
    expect(page.querySelectorAll('img, script')).toHaveLength(0);
    expect(textOf(page, '.failures')).toContain(evil);
  });

  it('begins with the verdict, and marks where and why it failed', () => {
    const page = pageOf(syntheticKnee());
    expect(textOf(page, 'h1')).toBe('Held 240 participants.');
    expect(textOf(page, '.lead')).toContain('The media worker was the limit.');
    expect(textOf(page, 'figure svg')).toMatch(/280 failed: .*unhappy/);
    expect(page.querySelector('.is-void')).toBeNull();
    expect([...page.querySelectorAll('.stairs .failed')].map(one => one.textContent)).toEqual(['280failed']);
    // Every chart over time shows it.
    const charts = [...page.querySelectorAll('figure')];
    const marked = charts.filter(one => one.innerHTML.includes('var(--failed-mark)'));
    expect(marked.length).toBe(charts.filter(one => !/by participants/.test(one.textContent)).length);
  });

  it('shows a void run as void, with the reason, and as nothing else', () => {
    const page = pageOf(syntheticVoid());
    expect(page.querySelector('.hero.is-void')).not.toBeNull();
    expect(textOf(page, 'h1')).toBe('This run says nothing about the focus.');
    expect(textOf(page, '.lead')).toContain('busiest thread took');
    expect(page.body.innerHTML).not.toContain('var(--failed-mark)');
    expect(page.body.innerHTML).toContain('var(--veil-void)');
  });

  it('draws what was measured, and has no empty charts', () => {
    const titles = (run: RunResult): string[] =>
      [...pageOf(run).querySelectorAll('figcaption b')].map(one => one.textContent);
    expect(titles(syntheticKnee())).toEqual(
      expect.arrayContaining([
        'Participants',
        'Unhappy receivers, %',
        'Time to first media, ms',
        'Time to join, ms',
        'Packets lost, %',
        'Bitrate, Mbit/s',
        'Videos received, by height',
        'CPU, % of one core',
        'Memory (RSS), MB',
        'Homeserver: CPU, % of one core',
        'Load tester: CPU, %',
      ]),
    );
    expect(titles(syntheticWell())).not.toContain('Videos received, by height');
    const run = syntheticKnee();
    const unmeasured = run.samples.map(sample => ({ ...sample, focus: undefined, homeserver: undefined }));
    const left = titles({ ...run, samples: unmeasured });
    for (const title of ['CPU, % of one core', 'Homeserver: CPU, % of one core']) expect(left).not.toContain(title);
    expect(left).toContain('Participants');
  });

  it('has a row for each step, with its figures', () => {
    const run = syntheticKnee();
    const rows = [...pageOf(run).querySelectorAll('.rows tbody tr:not(.reason)')].map(one => one.textContent);
    expect(rows).toHaveLength(run.steps.length);
    expect(rows.at(-1)).toMatch(/^280failed0:20/);
  });

  it('is written of a run that ended before it began', () => {
    const run: RunResult = { ...syntheticKnee(), samples: [], steps: [], capacity: undefined, durationMs: 0 };
    const page = pageOf({ ...run, joinMs: undefined, firstMediaMs: undefined, canary: undefined });
    expect(textOf(page, 'h1')).toContain('ended before');
    expect(page.querySelectorAll('figure')).toHaveLength(0);
  });
});
