import { type Call, openPage, pause, until } from '../../demo/check/call.ts';
import { joinOne } from '../../demo/check/phases/join.ts';
import { byWay, type Way, WAYS } from './ways.ts';

/** In the lobby a page prepares what its join needs, as for a person who looks at it. */
const IN_LOBBY_MS = 3_000;
const GONE_WITHIN_MS = 15_000;
const CALM_MS = 2_000;

/** ms from the click to the first frame of somebody who was there. */
export type FirstFrames = Record<Way, number[]>;

/** One waits in the call, the other joins it again and again, by one way and the other in turn. */
export async function measureFirstFrames(call: Call, joins: number): Promise<FirstFrames> {
  const [host, guest] = call.deployment.users;
  if (host === undefined || guest === undefined) throw new RangeError('two users are needed');
  const frames: FirstFrames = { ws: [], data_channel: [] };
  await joinOne(call, await openPage(call, host));
  for (let index = 0; index < joins * WAYS.length; index++) {
    const way = WAYS[index % WAYS.length] ?? 'ws';
    const page = await openPage(byWay(call, way), guest);
    await pause(call, IN_LOBBY_MS);
    const { firstFrames } = await joinOne(call, page);
    frames[way].push(...firstFrames);
    const used = await page.wayOfInvite();
    const expected = way === 'ws' ? 'ws' : 'to-device';
    if (used !== expected) call.fail(`a join by ${expected} went by ${used ?? 'nothing'}`);
    await page.page.evaluate(() => {
      window.weir.leave();
    });
    call.participants.splice(call.participants.indexOf(page), 1);
    await until(
      call,
      GONE_WITHIN_MS,
      async () => ((await call.participants[0]?.tiles())?.length ?? 0) <= 1 || undefined,
    );
    await page.close();
    await pause(call, CALM_MS);
  }
  return frames;
}
