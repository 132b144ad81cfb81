/** Hostile foci against a focus that carries a call: what they try comes to nothing, and the call does not notice. */
import type { LabRun } from '../lab/place.ts';
import { Attempts } from './attempts.ts';
import type { Refusals } from './figures.ts';
import { tryFrames } from './frames.ts';
import { tryHellos } from './hellos.ts';
import { tryLies } from './lies.ts';
import { RefusedStage } from './stage.ts';
import { tryTokens } from './tokens.ts';
import { tryUrls } from './urls.ts';

const ATTACKS: readonly [what: string, attack: (stage: RefusedStage, attempts: Attempts) => Promise<void>][] = [
  ['hellos', tryHellos],
  ['tokens', tryTokens],
  ['URLs', tryUrls],
  ['frames', tryFrames],
  ['lies', tryLies],
];

export async function playRefused(run: LabRun): Promise<Refusals> {
  await using stage = await RefusedStage.open(run);
  const attempts = new Attempts(run.tell);
  for (const [what, attack] of ATTACKS) {
    run.signal.throwIfAborted();
    try {
      await attack(stage, attempts);
    } catch (error) {
      run.signal.throwIfAborted();
      run.fail(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
    const silent = await stage.silenced();
    attempts.control(`the call of honest people, after ${what}`, silent.length === 0);
    if (silent.length > 0) run.tell(`nothing comes of ${silent.join(', ')}`);
  }
  const [, other] = await stage.openTrunks();
  attempts.control('the honest trunk, after all that', other === 1);
  return { ...attempts.refusals, gapMs: stage.gapMs };
}
