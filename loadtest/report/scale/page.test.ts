import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { writeScaleReport } from './page.ts';
import type { ScaleResult } from './result.ts';
import { syntheticScale } from './synthetic.ts';

function pageOf(result: ScaleResult): Document {
  return parseHTML(writeScaleReport(result)).document;
}

function figure(page: Document, title: RegExp): Element {
  const found = [...page.querySelectorAll('figure')].find(one => title.test(one.querySelector('b')?.textContent ?? ''));
  if (found === undefined) throw new Error(`there is no plot ${String(title)}`);
  return found;
}

describe('the report of scale', () => {
  it('asks for nothing from elsewhere, and keeps names text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const result = syntheticScale({ failures: [evil] });
    const [run, ...others] = result.capacity;
    if (run === undefined || result.soak === undefined) throw new Error('nothing was invented');
    const text = writeScaleReport({
      ...result,
      startedAt: evil,
      capacity: [{ ...run, scenario: { ...run.scenario, name: evil } }, ...others],
      soak: { ...result.soak, description: evil, after: { [evil]: 3 } },
    });
    expect(text).not.toMatch(/<img|<script|<link|@import|url\((?!#)/i);
  });

  it('shows what a packet costs beside mediasoup alone and the floor, with the spread', () => {
    const page = pageOf(syntheticScale());
    for (const kind of [/^Video: /, /^Audio: /]) {
      const plot = figure(page, kind);
      expect(plot.querySelector('figcaption')?.textContent).toMatch(/worker.*mediasoup alone.*Node.*floor/);
      expect(plot.innerHTML).toContain('stroke-opacity="0.3"');
    }
    expect(page.querySelector('.findings')?.textContent).toMatch(
      /packet of video to one of 400 receivers takes [\d.]+ µs/,
    );
  });

  it('tells the slope of each scenario, and what it held', () => {
    const rows = [...pageOf(syntheticScale()).querySelectorAll('.rows tbody tr')].map(one => one.textContent);
    expect(rows.find(row => row.startsWith('talkers'))).toMatch(/Held 240 participants\.0\.38\d* % of a core/);
    expect(rows.find(row => row.startsWith('voices'))).toMatch(/Held 360 participants\.0\.21\d* % of a core/);
  });

  it('marks the two times of a soak that are judged, and finds what grew', () => {
    const well = pageOf(syntheticScale());
    expect(figure(well, /Memory \(RSS\) over time/).innerHTML.match(/var\(--veil-judged\)/g)?.length).toBeGreaterThan(
      0,
    );
    expect(well.querySelector('.findings')?.textContent).toContain('Left over: nothing.');
    expect(well.querySelectorAll('.pill.bad')).toHaveLength(0);

    const leaking = pageOf(syntheticScale({ leakPerHour: 200e6 }));
    expect(leaking.querySelector('.findings')?.textContent).toContain('Left over: 3 timers.');
    expect(leaking.querySelectorAll('.pill.bad')).toHaveLength(2);
  });

  it('has nothing of parts that were not measured', () => {
    const page = pageOf({ ...syntheticScale(), forwarding: [], capacity: [], joinCost: [], soak: undefined });
    expect(page.querySelectorAll('figure')).toHaveLength(0);
    expect([...page.querySelectorAll('h2')].map(one => one.textContent)).toEqual(['Setting']);
  });

  it('draws what was measured of a part', () => {
    const result = syntheticScale();
    const forwarding = result.forwarding.map(point => ({ ...point, floor: undefined, node: undefined }));
    const caption = figure(pageOf({ ...result, forwarding }), /^Video: /).querySelector('figcaption');
    expect(caption?.textContent).toContain('mediasoup alone');
    expect(caption?.textContent).not.toContain('floor');
  });
});
