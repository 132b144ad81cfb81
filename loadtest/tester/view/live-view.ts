/** Shows a run while it lasts, on stderr: stdout belongs to its result. */
import { stripVTControlCharacters } from 'node:util';
import type { RunResult, Sample } from '../result.ts';
import { verdictOf } from '../verdict.ts';
import { harmless } from './paint.ts';
import { isSamePhase, type Phase } from './phase.ts';
import { renderLine, renderScreen, type Watched } from './screen.ts';

/** What of a terminal, or of a file or pipe, the view needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly writableNeedDrain: boolean;
  write(text: string): boolean;
  /** False where NO_COLOR is set, or the terminal has none. */
  hasColors?(): boolean;
}

export interface LiveViewOptions {
  /** Of the scenario. */
  name: string;
  /** Participants at the end of the ramp. */
  most: number;
  terminal?: Terminal;
}

/** Between lines where there is no terminal, ms of the run. */
const LINE_EVERY_MS = 5_000;
const KEPT_SAMPLES = 120;
const MOST_FAILURES = 10;
const SIZE = { columns: 80, rows: 24 };
/** A terminal shows what is between these at once; one that does not know them ignores them. */
const FRAME = { begins: '\u001b[?2026h', ends: '\u001b[?2026l' };
const ERASE = { restOfLine: '\u001b[K', below: '\u001b[J' };

/** Repaints in place on a terminal; elsewhere it writes a line every few seconds, and for each new phase. */
export class LiveView {
  readonly #terminal: Terminal;
  readonly #run: { name: string; most: number };
  readonly #samples: Sample[] = [];
  #phase: Phase | undefined;
  /** Columns of the lines on the terminal that the next picture replaces. */
  #shown: readonly number[] = [];
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor({ name, most, terminal = process.stderr }: LiveViewOptions) {
    this.#terminal = terminal;
    this.#run = { name, most };
  }

  /** Once a second. */
  update(sample: Sample, phase: Phase): void {
    if (this.#isOver) return;
    const isNewPhase = !isSamePhase(this.#phase, phase);
    this.#phase = phase;
    this.#samples.push(sample);
    if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
    const watched = { ...this.#run, phase, samples: this.#samples };
    if (this.#terminal.isTTY === true) this.#repaint(watched);
    else if (isNewPhase || sample.atMs - this.#toldAtMs >= LINE_EVERY_MS) this.#writeLine(watched, sample);
  }

  /** A line that stays, above the picture. */
  tell(text: string): void {
    if (this.#terminal.isTTY === true) {
      this.#terminal.write(`${this.#toTop()}${harmless(text)}${ERASE.restOfLine}\n${ERASE.below}`);
      this.#shown = [];
      if (this.#phase !== undefined && !this.#isOver) {
        this.#repaint({ ...this.#run, phase: this.#phase, samples: this.#samples });
      }
    } else this.#terminal.write(`${harmless(text)}\n`);
  }

  /** Leaves the last picture, with the verdict below it. What comes after is not shown. */
  end(result?: RunResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shown = [];
    if (result === undefined) return;
    const { headline, details } = verdictOf(result);
    const failures = result.failures.slice(0, MOST_FAILURES).map(failure => `✖ ${failure}`);
    const more = result.failures.length - failures.length;
    const notes = result.notes.map(note => `· ${note}`);
    const lines = ['', headline, details, ...notes, ...failures];
    if (more > 0) lines.push(`… and ${more} more that went wrong`);
    this.#terminal.write(`${lines.map(harmless).join('\n')}\n`);
  }

  #repaint(watched: Watched): void {
    // A terminal that is slow gets the next picture.
    if (this.#terminal.writableNeedDrain) return;
    const { columns, rows } = this.#size();
    const colours = this.#terminal.hasColors?.() ?? false;
    // The last column is left alone: terminals differ in what they do behind it.
    const lines = renderScreen(watched, columns - 1, colours).slice(0, Math.max(1, rows - 1));
    const picture = lines.map(line => `${line}${ERASE.restOfLine}\n`).join('');
    this.#terminal.write(`${FRAME.begins}${this.#toTop()}${picture}${ERASE.below}${FRAME.ends}`);
    this.#shown = lines.map(line => stripVTControlCharacters(line).length);
  }

  #writeLine(watched: Watched, { atMs }: Sample): void {
    this.#toldAtMs = atMs;
    if (!this.#terminal.writableNeedDrain) this.#terminal.write(`${renderLine(watched)}\n`);
  }

  /** To where the picture began; a terminal that became narrower has broken its lines. */
  #toTop(): string {
    const { columns } = this.#size();
    const rows = this.#shown.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows === 0 ? '' : `\r\u001b[${rows}A`;
  }

  #size(): { columns: number; rows: number } {
    const { columns = 0, rows = 0 } = this.#terminal;
    // Some terminals do not know theirs.
    return { columns: columns > 0 ? columns : SIZE.columns, rows: rows > 0 ? rows : SIZE.rows };
  }
}
