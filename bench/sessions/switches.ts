import type { Call } from '../../demo/check/call.ts';
import { joinInTurn } from '../../demo/check/phases/join.ts';
import { switchLayers } from '../../demo/check/phases/switches.ts';
import { byWay, type Way } from './ways.ts';

/** ms from the subscription to the first frame of the new size, for each switch. */
export async function measureSwitches(call: Call, way: Way): Promise<number[]> {
  await joinInTurn(byWay(call, way));
  const { switches } = await switchLayers(call);
  return switches;
}
