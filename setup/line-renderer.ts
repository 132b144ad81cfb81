import { type ListrRenderer, ListrTaskEventType, type ListrTaskObject } from 'listr2';

const NOTE_EVERY_MS = 30_000;

type ShownTask = ListrTaskObject<unknown, typeof LineRenderer, typeof LineRenderer>;

/**
 * Shows steps where there is no terminal: one line at the end of each, and one every half minute of a step that lasts. Goes to
 * stderr: stdout belongs to the command's result.
 */
export class LineRenderer implements ListrRenderer {
  static nonTTY = true;
  static rendererOptions: Record<string, never> = {};
  static rendererTaskOptions: Record<string, never> = {};

  readonly #tasks: ShownTask[];
  readonly #notes = new Set<NodeJS.Timeout>();

  constructor(tasks: ShownTask[]) {
    this.#tasks = tasks;
  }

  render(): void {
    for (const task of this.#tasks) this.#show(task);
  }

  end(): void {
    for (const note of this.#notes) clearInterval(note);
    this.#notes.clear();
  }

  #show(task: ShownTask): void {
    let started = 0;
    let output = '';
    let note: NodeJS.Timeout | undefined;
    const line = (mark: string): string =>
      `${mark} ${task.title ?? ''} (${((performance.now() - started) / 1000).toFixed(1)} s)`;
    task.on(ListrTaskEventType.OUTPUT, text => {
      output = text.trim();
    });
    task.on(ListrTaskEventType.STATE, () => {
      if (task.isStarted() && note === undefined && started === 0) {
        started = performance.now();
        note = setInterval(() => {
          write(output === '' ? line('…') : `${line('…')}: ${output}`);
        }, NOTE_EVERY_MS);
        this.#notes.add(note);
      }
      if (!task.isCompleted() && !task.hasFailed()) return;
      clearInterval(note);
      if (note) this.#notes.delete(note);
      if (task.title !== undefined) write(line(task.hasFailed() ? '✖' : '✔'));
    });
  }
}

function write(line: string): void {
  process.stderr.write(`${line}\n`);
}
