import { type Call, judgeFor, pause } from '../call.ts';
import { countPairs } from '../pairs.ts';
import { untilWhole } from '../whole.ts';

/** Jitter buffers run empty. */
const RUNS_DRY_MS = 1_000;
const STOPPED_MS = 2_000;
const WHOLE_WITHIN_MS = 15_000;

/** Proof that the judgement can fail: with the workers stopped, no pair may pass. */
export async function stopWorker(call: Call): Promise<void> {
  call.progress.phase('Stop the workers');
  const workers = (await Promise.all(call.deployment.foci.map(focus => focus.workerPids()))).flat();
  let passed: number;
  for (const worker of workers) process.kill(worker, 'SIGSTOP');
  try {
    await pause(call, RUNS_DRY_MS);
    const { pairs } = await judgeFor(call, STOPPED_MS);
    passed = countPairs(pairs, 'audio').passed + countPairs(pairs, 'video').passed;
  } finally {
    for (const worker of workers) process.kill(worker, 'SIGCONT');
  }
  const continuedAt = Date.now();
  if (workers.length === 0) call.fail('the check itself: no worker was found to stop');
  if (passed > 0) call.fail(`the check itself: ${passed} pairs passed while the workers were stopped`);
  call.progress.tell(`${passed} pairs passed while they were stopped`);
  const again = await untilWhole(call, continuedAt, WHOLE_WITHIN_MS);
  if (again.kind === 'missing') call.fail(`after the worker went on, still missing: ${again.pairs.join('; ')}`);
  else call.progress.tell(`all pairs ${Math.round(again.at - continuedAt)} ms after they went on`);
}
