/** The same in a call over two foci of two operators: whether those at different foci decrypt each other. */
import { type Call, judgeFor } from '../../../demo/check/call.ts';
import { Chromium } from '../../../demo/check/chromium.ts';
import { startFederatedDeployment } from '../../../demo/federated/deployment.ts';
import { EncryptionWatch } from '../encryption-watch.ts';
import type { TrunkFigures } from '../figures.ts';
import {
  comeIn,
  CONFIG,
  countDecrypted,
  JUDGED_MS,
  openWatched,
  type Parts,
  tellComplaints,
  untilAllMeet,
} from './place.ts';

export async function measureTrunk(parts: Parts): Promise<TrunkFigures> {
  const { progress, signal, fail } = parts;
  await using deployment = await startFederatedDeployment({
    ...parts,
    places: [{ users: ['alice', 'anna'] }, { users: ['bob', 'berta'] }],
    encrypted: true,
    config: CONFIG,
    report: step => progress.tell(step),
  });
  await using chromium = await Chromium.start(signal);
  await using watch = new EncryptionWatch(fail);
  const call: Call = { deployment, chromium, participants: [], progress, signal, fail };
  for (const user of deployment.users) await comeIn(call, await openWatched(call, watch, user));
  progress.phase('Steady call over a trunk');
  await untilAllMeet(call);
  const { pairs } = await judgeFor(call, JUDGED_MS);
  const focusOf = (name: string): unknown => {
    const page = call.participants.find(each => each.name === name);
    return page && deployment.focusOf(page.user);
  };
  const across = pairs.filter(({ sender, viewer }) => focusOf(sender) !== focusOf(viewer));
  await watch.settle();
  const decoded = countDecrypted(call, watch, across);
  const { different } = watch.witnesses.identical();
  for (const reason of different) fail(reason);
  tellComplaints(call, call.participants);
  progress.tell(`${decoded} of ${across.length} pairs decrypt each other`);
  return { pairs: across.length, decoded };
}
