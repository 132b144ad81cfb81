import { describe, expect, it } from 'vitest';
import { syntheticKnee, syntheticVoid } from '../synthetic.ts';
import { LiveView, type Terminal } from './live-view.ts';
import type { Phase } from './phase.ts';

const GROW: Phase = { kind: 'growing', towards: 40 };

/** Keeps what is written, and shows it as a terminal would: enough of one for a picture that is painted in place. */
class FakeTerminal implements Terminal {
  readonly isTTY: boolean;
  columns = 80;
  rows = 40;
  writableNeedDrain = false;
  written = '';
  lines: string[] = [];
  row = 0;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  hasColors(): boolean {
    return false;
  }

  write(text: string): boolean {
    this.written += text;
    for (const [part] of text.matchAll(/\u001b\[[?\d]*[A-Za-z]|\n|[^\u001b\n]+/g)) this.#take(part);
    return true;
  }

  #take(part: string): void {
    const up = /^\u001b\[(\d+)A$/.exec(part);
    if (part === '\n') this.row += 1;
    else if (up !== null) this.row -= Number(up[1]);
    else if (part === '\u001b[J') this.lines.length = this.row;
    else if (!part.startsWith('\u001b') && part !== '\r') this.lines[this.row] = part;
  }
}

describe('on a terminal', () => {
  const { samples } = syntheticKnee();

  it('repaints in place: one picture, whatever number of samples came', () => {
    const terminal = new FakeTerminal(true);
    const view = new LiveView({ name: 'talkers', most: 320, terminal });
    for (const sample of samples) view.update(sample, GROW);
    expect(terminal.lines.filter(line => line.startsWith('weir-loadtest'))).toHaveLength(1);
    expect(terminal.lines.join('\n')).toContain('280 wanted');
  });

  it('never clears before it paints: that would flicker', () => {
    const terminal = new FakeTerminal(true);
    const view = new LiveView({ name: 'talkers', most: 320, terminal });
    for (const sample of samples.slice(0, 3)) view.update(sample, GROW);
    expect(terminal.written).not.toContain('\u001b[2J');
    for (const frame of terminal.written.split('\u001b[?2026h').slice(1)) {
      expect(frame.indexOf('\u001b[J')).toBeGreaterThan(frame.lastIndexOf('\n'));
      expect(frame.endsWith('\u001b[?2026l')).toBe(true);
    }
  });

  it('keeps lines that are told above the picture', () => {
    const terminal = new FakeTerminal(true);
    const view = new LiveView({ name: 'talkers', most: 320, terminal });
    view.tell('The focus answers.');
    for (const sample of samples.slice(0, 3)) view.update(sample, GROW);
    view.tell('A participant was \u001b[2Jcut off.');
    for (const sample of samples.slice(3, 6)) view.update(sample, GROW);
    expect(terminal.lines[0]).toBe('The focus answers.');
    expect(terminal.lines[1]).toBe('A participant was  [2Jcut off.');
    expect(terminal.lines[2]).toContain('weir-loadtest');
    expect(terminal.lines.filter(line => line.startsWith('weir-loadtest'))).toHaveLength(1);
  });

  it('shows no more lines than the terminal has', () => {
    const terminal = new FakeTerminal(true);
    terminal.rows = 10;
    const view = new LiveView({ name: 'talkers', most: 320, terminal });
    for (const sample of samples.slice(0, 20)) view.update(sample, GROW);
    expect(terminal.lines.length).toBeLessThan(10);
  });

  it('leaves a picture out while the terminal has not taken the last one', () => {
    const terminal = new FakeTerminal(true);
    terminal.writableNeedDrain = true;
    const view = new LiveView({ name: 'talkers', most: 320, terminal });
    for (const sample of samples.slice(0, 20)) view.update(sample, GROW);
    expect(terminal.written).toBe('');
  });

  it('ends with the verdict below the last picture, and what failed', () => {
    const terminal = new FakeTerminal(true);
    const view = new LiveView({ name: 'talkers', most: 320, terminal });
    const run = syntheticVoid();
    for (const sample of run.samples) view.update(sample, GROW);
    view.end(run);
    view.end(run);
    const text = terminal.lines.join('\n');
    expect(text).toMatch(/weir-loadtest[^]*tester[^]*says nothing about the focus\.[^]*✖ The canary/);
    expect(text.match(/says nothing/g)).toHaveLength(1);
  });
});

describe('without a terminal', () => {
  it('writes a line every few seconds and for each new phase, without control characters', () => {
    const { samples } = syntheticKnee();
    const terminal = new FakeTerminal(false);
    const view = new LiveView({ name: 'talkers', most: 320, terminal });
    for (const sample of samples.slice(0, 11)) view.update(sample, GROW);
    expect(terminal.lines).toHaveLength(3);
    for (const sample of samples.slice(11, 13)) {
      view.update(sample, { kind: 'holding', participants: 40, leftMs: 20_000 - sample.atMs, next: undefined });
    }
    expect(terminal.lines).toHaveLength(4);
    expect(terminal.written.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});
