import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { compare } from '../compare.ts';
import type { RunResult } from '../result.ts';
import { syntheticKnee, syntheticRun, syntheticVoid } from '../synthetic.ts';
import { writeComparison } from './compare-page.ts';

function pageOf(a: RunResult, b: RunResult, names = { a: 'old.json', b: 'new.json' }): string {
  return writeComparison({ comparison: compare(a, b), a, b, names });
}

test('both runs are in each plot, and every figure is a row', () => {
  const [a, b] = [syntheticKnee(), syntheticRun({ workerPctEach: 0.3 })];
  const { document } = parseHTML(pageOf(a, b));
  const figures = [...document.querySelectorAll('figure')];
  expect(figures.length).toBeGreaterThan(5);
  for (const { innerHTML } of figures) expect(innerHTML).toMatch(/var\(--hue-1\)[^]*var\(--hue-2\)/);
  expect(document.querySelectorAll('.compared tbody tr')).toHaveLength(compare(a, b).rows.length);
  expect(document.querySelector('h1')?.textContent).toMatch(/^\d+ better, 0 worse, \d+ the same$/);
  const headlines = [...document.querySelectorAll('.headline')].map(one => one.textContent);
  expect(headlines).toEqual(['Held 240 participants.', 'Held 320 participants.']);
});

test('the page asks for nothing from elsewhere, names stay text, and void runs are warned of', () => {
  const evil = '<img src=x onerror=alert(1)>';
  const run = { ...syntheticVoid(), scenario: { ...syntheticVoid().scenario, name: evil } };
  const text = pageOf(syntheticKnee(), run, { a: evil, b: 'b.json' });
  expect(text).not.toMatch(/<img|<script|<link|@import|url\((?!#)/i);
  expect(parseHTML(text).document.querySelector('.notes')?.textContent).toContain('The second run is void');
});

test('runs without a step are compared as well', () => {
  const run: RunResult = { ...syntheticKnee(), samples: [], steps: [], capacity: undefined, durationMs: 0 };
  expect(parseHTML(pageOf(run, run)).document.querySelectorAll('.compared tbody tr').length).toBeGreaterThan(0);
});
