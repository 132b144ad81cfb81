#!/usr/bin/env node
/** Starts the load tester's command line, and ends it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type CommandLineWorld, runCommandLine } from './cli/program.ts';
import { writeComparison } from './report/compare-page.ts';
import { writeReport } from './report/page.ts';
import { runLoadTest } from './run.ts';
import { joinRun } from './testers/join.ts';
import { LiveView } from './view/live-view.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted.abort(new Error(`interrupted by ${signal}`));
  });
}
if (process.connected) {
  // Whoever started it is gone.
  process.once('disconnect', () => interrupted.abort(new Error('interrupted')));
  process.channel?.unref();
}
const { signal } = interrupted;
const stderr = (text: string): void => {
  process.stderr.write(text);
};

const world: CommandLineWorld = {
  async run(options, { quiet }) {
    const most = options.ramp.steps.at(-1) ?? 0;
    const view = quiet ? undefined : new LiveView({ name: options.scenario.name, most });
    try {
      const result = await runLoadTest({
        ...options,
        tell: text => view?.tell(text),
        onSample: (sample, phase) => view?.update(sample, phase),
        signal,
      });
      view?.end(result);
      return result;
    } finally {
      view?.end();
    }
  },
  join: options => joinRun({ ...options, tell: text => stderr(`${text}\n`), signal }),
  report: writeReport,
  comparison: writeComparison,
  readFile: file => readFileSync(file, 'utf8'),
  writeFile: (file, text) => writeFileSync(file, text),
  stdout: text => {
    process.stdout.write(text);
  },
  stderr,
  wasInterrupted: () => signal.aborted,
  env: process.env,
};

process.exitCode = await runCommandLine(process.argv.slice(2), world);
