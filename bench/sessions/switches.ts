import type { Call } from '../../demo/check/call.ts';
import { joinInTurn } from '../../demo/check/phases/join.ts';
import { switchLayers } from '../../demo/check/phases/switches.ts';
import { byWay, type Way } from './ways.ts';

/** Four pages that encode would leave the machine no time, and the figures would be its own. */
const PAGES = 3;

/** ms from the subscription to the first frame of the new size, for each switch. */
export async function measureSwitches(call: Call, way: Way): Promise<number[]> {
  const { deployment } = call;
  const ofThree = { ...call, deployment: { ...deployment, users: deployment.users.slice(0, PAGES) } };
  await joinInTurn(byWay(ofThree, way));
  const { switches } = await switchLayers(ofThree);
  return switches;
}
