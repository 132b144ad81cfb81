import { expect, test } from 'vitest';
import { judge } from '../../lab/judge/index.ts';
import type { Played } from '../../lab/result.ts';
import { syntheticLink, syntheticRecording, syntheticVideo, syntheticViewer } from '../../lab/synthetic.ts';
import { reportPage } from './page.ts';

const END = 40_000;

function played(videoName: string): Played {
  const recording = syntheticRecording('floor', END, {
    link: syntheticLink(END, { capacityBps: () => 150_000, enteredBps: () => 120_000 }),
    viewers: [
      syntheticViewer(END, {
        videos: [
          syntheticVideo(END, {
            name: videoName,
            layer: () => 0,
            paused: atMs => atMs > 30_000 && atMs <= 32_000,
            frames: atMs => (atMs > 20_000 && atMs <= 22_000 ? 0 : 1),
          }),
        ],
        estimateBps: () => 130_000,
      }),
    ],
  });
  return { kind: 'judged', recording, verdict: judge(recording) };
}

function page(...all: Played[]): string {
  return reportPage({
    focus: 'this tree',
    startedAt: new Date(0),
    tookS: 60,
    machine: '2 cores',
    played: all,
    failures: all.flatMap(one => (one.kind === 'judged' ? one.verdict.failures : [one.reason])),
  });
}

test('a report asks for nothing from elsewhere, and runs nothing', () => {
  const text = page(played('alice'));
  expect(text).not.toMatch(/<script|<link|@import|url\((?!#)|src=/i);
  // Names of XML's own are no addresses.
  expect(text.replaceAll(/xmlns(:\w+)?="[^"]*"/g, '')).not.toMatch(/https?:/);
});

test('names of publishers stay text', () => {
  const text = page(played('<img onerror=x>"&'));
  expect(text).not.toContain('<img');
});

test('it shows freezes, pauses, the estimate and each bound', () => {
  const text = page(played('alice'));
  for (const colour of ['frozen', 'paused', 'estimate', 'capacity', 'layer-0']) {
    expect(text).toMatch(new RegExp(`(fill|stroke)="var\\(--${colour}\\)"`));
  }
  expect(text).toContain('concealed_pct');
  expect(text).toContain('alice: frozen, 20.0 to 22.1 s');
});

test('a scenario that broke is there with its reason', () => {
  const text = page({ kind: 'broken', name: 'jitter', reason: 'no media < 20 s' });
  expect(text).toContain('0 of 1 scenarios in bounds');
  expect(text).toContain('no media &#60; 20 s');
});
