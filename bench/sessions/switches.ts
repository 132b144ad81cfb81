import { type Call, openPage, pause } from '../../demo/check/call.ts';
import { joinOne } from '../../demo/check/phases/join.ts';
import { switchViews } from '../../demo/check/phases/switches.ts';
import { FOCUS_DEVICE_ID } from '../../demo/site.ts';
import { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { byWay, type Way } from './ways.ts';

/** px: both layers of a camera of 640x360 are wanted by somebody else all the time, so that none has to begin first. */
const KEPT = [
  { width: 640, height: 360 },
  { width: 320, height: 180 },
];
const LAYERS_BEGIN_WITHIN_MS = 5_000;

/**
 * ms from the subscription to the first frame of the new size, for each switch. Two pages watch each other; who keeps the layers
 * going are peers without a browser, as pages would leave the machine no time and the figures would be its own.
 */
export async function measureSwitches(call: Call, way: Way): Promise<number[]> {
  const { deployment } = call;
  const [first, second, ...others] = deployment.users;
  if (first === undefined || second === undefined) throw new RangeError('two users are needed');
  await using keepers = new AsyncDisposableStack();
  for (const user of [first, second]) await joinOne(call, await openPage(byWay(call, way), user));
  for (const [index, subscribe] of KEPT.entries()) {
    const user = others[index];
    if (user === undefined) throw new RangeError('four users are needed');
    const keeper = keepers.use(
      new LightPeer({
        baseUrl: deployment.synapse.baseUrl,
        user,
        focus: { userId: deployment.focus.user.userId, deviceId: FOCUS_DEVICE_ID },
        room: deployment.room,
        viewsOnly: true,
        subscribe,
      }),
    );
    await keeper.join();
  }
  await pause(call, LAYERS_BEGIN_WITHIN_MS);
  const [one, other] = call.participants;
  if (one === undefined || other === undefined) throw new RangeError('two pages are needed');
  call.progress.phase(`Switch layers by ${way}`);
  const { switches } = await switchViews(call, [
    { viewer: one, sender: other },
    { viewer: other, sender: one },
  ]);
  return switches;
}
