/** `npm run bench -- network`: plays the table of the network lab on this machine, judges it, and draws a report. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { judge } from '../loadtest/lab/judge/index.ts';
import type { Played, ScenarioName } from '../loadtest/lab/result.ts';
import { play } from '../loadtest/lab/scenarios/play.ts';
import type { LabRun } from '../loadtest/lab/scenarios/stage.ts';
import { LoadBrowser } from '../loadtest/peers/load-browser.ts';
import { reportPage } from '../loadtest/report/network/page.ts';
import { Interrupted } from '../setup/interrupt.ts';
import { prepare } from '../setup/prepare.ts';
import type { NetworkBench } from './arguments.ts';
import { LiveLine } from './live-line.ts';
import { BenchPlace } from './place.ts';
import { isAsItShouldBe, resultOf } from './result.ts';

/** The focus answers to every estimate and chooses no layer: what the lab has to find. */
const NO_CONTROL = { media: { congestion_control: 'off' } };

/** Resolves to the exit code. */
export async function runNetwork(bench: NetworkBench, signal: AbortSignal): Promise<number> {
  const { worker, synapsePython } = await prepare({ systemPackages: ['chromium'], signal });
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const line = new LiveLine();
  const startedAt = new Date();
  try {
    line.tell('start a homeserver, a focus and a browser');
    const played = await playAll(bench, { stateDir, worker, synapsePython, line, signal });
    const { failures } = resultOf(played);
    await writeFile(
      bench.report,
      reportPage({
        focus: bench.control ? 'without congestion control' : (bench.focusDir ?? 'this tree'),
        startedAt,
        tookS: (Date.now() - startedAt.getTime()) / 1_000,
        machine: `${availableParallelism()} cores, Node ${process.versions.node}`,
        played,
        failures,
      }),
    );
    if (bench.recordings !== undefined) await writeFile(bench.recordings, JSON.stringify(played));
    line.tell(`The report: ${resolve(bench.report)}`);
    console.log(JSON.stringify(resultOf(played)));
    const isFine = isAsItShouldBe(played, bench.control);
    if (isFine) await rm(stateDir, { recursive: true, force: true });
    else line.tell(`Logs and state are kept in ${stateDir}.`);
    return isFine ? 0 : 1;
  } catch (error) {
    if (error instanceof Interrupted) await rm(stateDir, { recursive: true, force: true });
    else line.tell(`Logs and state are kept in ${stateDir}.`);
    throw error;
  }
}

interface Parts {
  stateDir: string;
  worker: string;
  synapsePython: string;
  line: LiveLine;
  signal: AbortSignal;
}

async function playAll(
  bench: NetworkBench,
  { stateDir, worker, synapsePython, line, signal }: Parts,
): Promise<Played[]> {
  await using place = await BenchPlace.start({
    stateDir,
    synapsePython,
    workerBin: worker,
    focusDir: bench.focusDir,
    ...(bench.control ? { config: NO_CONTROL } : {}),
    signal,
  });
  const watch = {
    step: (text: string) => {
      line.step(text);
    },
    live: (text: string) => {
      line.live(text);
    },
    signal,
  };
  const played: Played[] = [];
  for (const [index, name] of bench.scenarios.entries()) {
    line.head(`${name} (${index + 1} of ${bench.scenarios.length})`);
    // One for each: what a scenario leaves behind in a browser would disturb the next.
    await using browser = await LoadBrowser.start();
    const one = await playOne(name, { place, browser, watch, judgedMs: bench.seconds * 1_000 }, signal);
    played.push(one);
    tellVerdict(one, line);
    place.checkAlive();
  }
  return played;
}

/** A scenario that breaks is told, and the next one played. */
async function playOne(name: ScenarioName, lab: LabRun, signal: AbortSignal): Promise<Played> {
  try {
    const recording = await play(name, lab);
    return { kind: 'judged', recording, verdict: judge(recording) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'broken', name, reason: error instanceof Error ? error.message : String(error) };
  }
}

function tellVerdict(one: Played, line: LiveLine): void {
  if (one.kind === 'broken') {
    line.step(`✖ was not played: ${one.reason}`);
    return;
  }
  for (const failure of one.verdict.failures) line.tell(`✖ ${failure}`);
  if (one.verdict.failures.length === 0) line.step(one.verdict.reportedOnly ? 'played; reported only' : '✔ in bounds');
}
