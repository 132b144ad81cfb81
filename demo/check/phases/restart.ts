import { type Call, pause } from '../call.ts';
import { untilWhole } from '../whole.ts';

const DOWN_MS = 1_000;
const WHOLE_WITHIN_MS = 45_000;
/** They are looked at once more after a while: a frame alone is no call. */
const LOOKED_AT_AGAIN_MS = 3_000;
const STILL_WHOLE_WITHIN_MS = 2_000;

/** Kills a focus and starts it again. Gives the time from the kill until all pairs are back, ms; undefined where they are not. */
export async function restartFocus(call: Call): Promise<number | undefined> {
  call.progress.phase('Kill and restart the focus');
  const focus = call.deployment.foci.at(-1) ?? call.deployment.focus;
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
  await pause(call, LOOKED_AT_AGAIN_MS);
  const still = await untilWhole(call, Date.now(), STILL_WHOLE_WITHIN_MS);
  if (still.kind === 'missing') call.fail(`after the restart, gone again: ${still.pairs.join('; ')}`);
  return took;
}
