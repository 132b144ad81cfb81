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
import type { SessionsBench } from '../arguments.ts';

import { measureFirstFrames } from './first-frame.ts';
import { tryFalseTokens } from './openid.ts';
import { judge, type Measured, nothingMeasured } from './result.ts';
import { measureCuts } from './resume.ts';
import { measureSwitches } from './switches.ts';
import { NAMES, WAYS } from './ways.ts';

/** Resolves to the exit code; stdout's last line is the result as JSON (see `Result`). */
export async function runSessions(bench: SessionsBench, signal: AbortSignal): Promise<number> {
  const { worker, synapsePython, pageDir } = await prepare({ systemPackages: ['chromium'], signal });
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
    await measureAll(bench, { deployment, progress, signal, fail }, measured);
  } catch (error) {
    signal.throwIfAborted();
    progress.complain(describeFailure(error));
    failures.push(error instanceof Error ? error.message : String(error));
  }
  const result = judge(measured, failures);
  for (const missed of result.failures.slice(failures.length)) progress.complain(missed);
  console.log(JSON.stringify(result));
  if (result.failures.length === 0) await rm(stateDir, { recursive: true, force: true });
  else progress.complain(`Logs and state are kept in ${stateDir}.`);
  return result.failures.length === 0 ? 0 : 1;
}

type Place = Pick<Call, 'progress' | 'signal' | 'fail'> & { deployment: Deployment };

/** What is measured lands in `measured` at once: a part that breaks takes nothing of the others with it. */
async function measureAll({ joins }: SessionsBench, place: Place, measured: Measured): Promise<void> {
  const { signal, fail } = place;
  const part = async (name: string, work: (chromium: Chromium) => Promise<void>): Promise<void> => {
    signal.throwIfAborted();
    place.progress.phase(name);
    try {
      // A browser for each part: what one leaves behind would disturb the next.
      await using chromium = await Chromium.start(signal);
      await work(chromium);
    } catch (error) {
      signal.throwIfAborted();
      fail(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await part('False tokens', async () => {
    measured.openid = await tryFalseTokens(place.deployment);
  });
  await part('First frames', async chromium => {
    measured.firstFrames = await measureFirstFrames({ ...place, chromium, participants: [] }, joins);
  });
  for (const way of WAYS) {
    await part(`Switches by ${way}`, async chromium => {
      measured.switches[way] = await measureSwitches({ ...place, chromium, participants: [] }, way);
    });
  }
  await part('Cuts', async chromium => {
    measured.cuts = await measureCuts({ ...place, chromium, participants: [] });
  });
}
