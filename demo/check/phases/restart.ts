import { type Call, judgeFor, pause } from '../call.ts';
import { countPairs } from '../pairs.ts';
import { untilWhole } from '../whole.ts';

const DOWN_MS = 1_000;
const WHOLE_WITHIN_MS = 45_000;
const SETTLES_MS = 1_000;
const JUDGED_MS = 3_000;

/** Kills the focus and starts it again. Gives the time from the kill until all pairs are back, ms; undefined where they are not. */
export async function restartFocus(call: Call): Promise<number | undefined> {
  call.progress.phase('Kill and restart the focus');
  const { focus } = call.deployment;
  const killedAt = Date.now();
  focus.signal('SIGKILL');
  await pause(call, DOWN_MS);
  const startedAt = Date.now();
  const [, again] = await Promise.all([
    focus.restart().then(() => {
      call.progress.tell(`it is ready ${Date.now() - killedAt} ms after the kill`);
    }),
    untilWhole(call, startedAt, WHOLE_WITHIN_MS),
  ]);
  if (again.kind === 'missing') {
    call.fail(`after the restart, still missing: ${again.pairs.join('; ')}`);
    return undefined;
  }
  const took = again.at - killedAt;
  call.progress.tell(`all pairs are back after ${Math.round(took)} ms`);
  await pause(call, SETTLES_MS);
  const { pairs } = await judgeFor(call, JUDGED_MS);
  for (const missing of countPairs(pairs, 'video').missing) call.fail(`after the restart: ${missing}`);
  return took;
}
