/** Two pages on either side: who sees and hears whom, and how soon a newcomer is seen by those on the other focus. */
import { type Call, openPage, pause, until } from '../../demo/check/call.ts';
import { Chromium } from '../../demo/check/chromium.ts';
import type { Participant } from '../../demo/check/participant.ts';
import { joinOne } from '../../demo/check/phases/join.ts';
import { steadyCall } from '../../demo/check/phases/steady.ts';
import { startFederatedDeployment } from '../../demo/federated/deployment.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import type { CallFigures } from './call-figures.ts';
import type { Parts } from './place.ts';

/** Before and after a join: what one starts is over before the next. */
const CALM_MS = 3_000;
const STEADY_S = 10;
/** How often somebody leaves and comes again, on one side and the other in turn. */
const COMES_AGAIN = { whole: 6, quick: 2 };
const GONE_WITHIN_MS = 15_000;

export async function measureCalls(parts: Parts): Promise<CallFigures> {
  const { progress, signal, fail } = parts;
  await using deployment = await startFederatedDeployment({
    ...parts,
    places: [{ users: ['alice', 'anna'] }, { users: ['bob', 'berta'] }],
    report: step => progress.tell(step),
  });
  await using chromium = await Chromium.start(signal);
  const call: Call = { deployment, chromium, participants: [], progress, signal, fail };
  const newcomersMs: number[] = [];
  for (const user of deployment.users) newcomersMs.push(...(await join(call, user)));

  const steady = await steadyCall(call, STEADY_S);
  const count = call.participants.length;

  progress.phase('Leave and join again');
  for (let turn = 0; turn < COMES_AGAIN[parts.quick ? 'quick' : 'whole']; turn += 1) {
    const [first] = call.participants;
    if (first === undefined) throw new RangeError('somebody is needed');
    // Whoever has been in for longest: so both sides have their turns.
    await leave(call, first);
    newcomersMs.push(...(await join(call, first.user)));
  }
  for (const { name, complaints } of call.participants) {
    for (const complaint of complaints) fail(`the page of ${name} threw: ${complaint}`);
  }
  return {
    pairs: count * (count - 1),
    pairsWithAudio: steady.pairsWithAudio,
    pairsWithVideo: steady.pairsWithVideo,
    newcomersMs,
  };
}

/** ms until each page on the other focus showed the newcomer. */
async function join(call: Call, user: MatrixUser): Promise<number[]> {
  const others = [...call.participants];
  const page = await openPage(call, user);
  await pause(call, CALM_MS);
  const { newcomers } = await joinOne(call, page);
  await pause(call, CALM_MS);
  const { deployment } = call;
  return newcomers.filter((_, index) => {
    const other = others[index];
    return other !== undefined && deployment.focusOf(other.user) !== deployment.focusOf(user);
  });
}

async function leave(call: Call, page: Participant): Promise<void> {
  await page.page.evaluate(() => {
    window.weir.leave();
  });
  call.participants.splice(call.participants.indexOf(page), 1);
  const left = call.participants.length;
  const gone = await until(call, GONE_WITHIN_MS, async () => {
    const tiles = await Promise.all(call.participants.map(other => other.tiles()));
    return tiles.every(({ length }) => length <= left) || undefined;
  });
  if (gone === undefined) call.fail(`${page.name} was still shown ${GONE_WITHIN_MS / 1_000} s after it had left`);
  await page.close();
}
