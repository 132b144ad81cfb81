/** `npm run bench -- sessions`: how fast sessions start by each way of signalling, and what they survive. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call } from '../../demo/check/call.ts';
import { Chromium } from '../../demo/check/chromium.ts';
import { Progress } from '../../demo/check/progress.ts';
import { type Deployment, startDeployment } from '../../demo/deployment.ts';
import { describeFailure } from '../../setup/failure.mjs';
import { prepare } from '../../setup/prepare.ts';
import type { SessionPart, SessionsBench } from '../arguments.ts';
import { measureApplicationData } from './app-data.ts';
import { measureCodecs } from './codecs.ts';
import { type FarParts, measureFar } from './far.ts';
import { measureFirstFrames } from './first-frame.ts';
import { measureFloor } from './floor.ts';
import { tryFalseTokens } from './openid.ts';
import { measurePaths } from './paths.ts';
import { judge, type Measured, nothingMeasured } from './result.ts';
import { measureCuts } from './resume.ts';
import { measureSwitches } from './switches.ts';
import { NAMES, WAYS } from './ways.ts';

/** Resolves to the exit code; stdout's last line is the result as JSON (see `Result`). */
export async function runSessions(bench: SessionsBench, signal: AbortSignal): Promise<number> {
  const { worker, synapsePython, pageDir } = await prepare({
    systemPackages: ['chromium', 'coturn', 'iproute2'],
    signal,
  });
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const progress = new Progress();
  const measured = nothingMeasured();
  const failures: string[] = [];
  const fail = (reason: string): void => {
    failures.push(reason);
    progress.complain(reason);
  };
  try {
    await using deployment = await startDeployment({
      stateDir,
      synapsePython,
      workerBin: worker,
      pageDir,
      users: NAMES,
      signal,
      report: step => progress.tell(step),
    });
    await measureAll(
      bench,
      { deployment, progress, signal, fail, stateDir, synapsePython, workerBin: worker, pageDir },
      measured,
    );
  } catch (error) {
    signal.throwIfAborted();
    progress.complain(describeFailure(error));
    failures.push(error instanceof Error ? error.message : String(error));
  }
  const result = judge(measured, bench.parts, failures);
  for (const missed of result.failures.slice(failures.length)) progress.complain(missed);
  console.log(JSON.stringify(result));
  if (result.failures.length === 0) await rm(stateDir, { recursive: true, force: true });
  else progress.complain(`Logs and state are kept in ${stateDir}.`);
  return result.failures.length === 0 ? 0 : 1;
}

/** What each part works with. Those that need a browser start their own: what one leaves behind would disturb the next. */
type Place = FarParts & { deployment: Deployment };

const WORK: Record<SessionPart, (bench: SessionsBench, place: Place, measured: Measured) => Promise<void>> = {
  openid: async (_bench, { deployment }, measured) => {
    measured.openid = await tryFalseTokens(deployment);
  },
  'first-frames': async ({ joins }, place, measured) => {
    await using call = await openCall(place);
    measured.firstFrames = await measureFirstFrames(call, joins);
  },
  switches: async (_bench, place, measured) => {
    for (const way of WAYS) {
      await using call = await openCall(place);
      measured.switches[way] = await measureSwitches(call, way);
    }
  },
  cuts: async (_bench, place, measured) => {
    await using call = await openCall(place);
    measured.cuts = await measureCuts(call);
  },
  networks: async (_bench, place, measured) => {
    measured.networks = await measureFar(place);
  },
  paths: async (_bench, place, measured) => {
    measured.paths = await measurePaths(place);
  },
  codecs: async (_bench, place, measured) => {
    measured.codecs = await measureCodecs(place);
  },
  'app-data': async (_bench, place, measured) => {
    measured.appData = await measureApplicationData(place);
  },
  floor: async (_bench, place, measured) => {
    measured.floor = await measureFloor(place);
  },
};

async function openCall(place: Place): Promise<Call & AsyncDisposable> {
  const chromium = await Chromium.start(place.signal);
  return { ...place, chromium, participants: [], [Symbol.asyncDispose]: () => chromium.close() };
}

/** What is measured lands in `measured` at once: a part that breaks takes nothing of the others with it. */
async function measureAll(bench: SessionsBench, place: Place, measured: Measured): Promise<void> {
  for (const part of bench.parts) {
    place.signal.throwIfAborted();
    place.progress.phase(part);
    try {
      await WORK[part](bench, place, measured);
    } catch (error) {
      place.signal.throwIfAborted();
      place.fail(`${part}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
