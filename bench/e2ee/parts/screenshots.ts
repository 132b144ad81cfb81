/** Pictures of the call page in an encrypted call, for people. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Call, openPage, pause, until } from '../../../demo/check/call.ts';
import { Chromium } from '../../../demo/check/chromium.ts';
import type { Participant } from '../../../demo/check/participant.ts';
import { type Deployment, startDeployment } from '../../../demo/deployment.ts';
import { FOCUS_DEVICE_ID } from '../../../demo/site.ts';
import { LightPeer } from '../../../loadtest/peers/light-peer.ts';
import { comeIn, CONFIG, type Parts, untilAllMeet } from './place.ts';
import { SHOTS, type Shot } from './shots.ts';

const NAMES = ['participant1', 'participant2', 'participant3', 'participant4'] as const;
/** Of them, in pages; the last one is no page. */
const PAGES = 3;
const DRAWN_AFTER_MS = 2_000;
const SHOWS_WITHIN_MS = 15_000;

/** Saves those that can be taken; the others are told. */
export async function takeScreenshots(parts: Parts, folder: string): Promise<void> {
  const { progress, signal, fail } = parts;
  await mkdir(folder, { recursive: true });
  await using deployment = await startDeployment({
    ...parts,
    users: NAMES,
    encrypted: true,
    config: CONFIG,
    report: step => progress.tell(step),
  });
  await using chromium = await Chromium.start(signal);
  const call: Call = { deployment, chromium, participants: [], progress, signal, fail };
  for (const user of deployment.users.slice(0, PAGES)) await comeIn(call, await openPage(call, user));
  await untilAllMeet(call);
  await using owned = new AsyncDisposableStack();
  for (const shot of SHOTS) {
    if (shot.needs === 'somebody without encryption') await owned.use(clearPeer(deployment)).join();
    const reason = await take(call, shot, join(folder, shot.name));
    if (reason === undefined) progress.tell(join(folder, `${shot.name}.png`));
    else fail(`screenshot ${shot.name}: ${reason}`);
  }
}

/** Why it could not be taken; `undefined` where it was. */
async function take(call: Call, shot: Shot, path: string): Promise<string | undefined> {
  const [first] = call.participants;
  if (first === undefined) return 'nobody is in the call';
  const { page } = first;
  const usual = page.viewport();
  await page.setViewport({ deviceScaleFactor: 1, ...shot.viewport });
  try {
    const { open, shows } = shot;
    if (open !== undefined) {
      if (!(await isThere(first, open))) return `the page has no ${open}`;
      await page.click(open);
    }
    if (shows !== undefined) {
      const shown = await until(call, SHOWS_WITHIN_MS, async () => (await isThere(first, shows)) || undefined);
      if (shown === undefined) return `the page shows no ${shows}`;
    }
    await pause(call, DRAWN_AFTER_MS);
    await page.screenshot({ path: `${path}.png`, type: 'png' });
    if (shot.close !== undefined) await page.click(shot.close);
    return undefined;
  } finally {
    await page.setViewport(usual);
  }
}

async function isThere({ page }: Participant, selector: string): Promise<boolean> {
  return page.evaluate(wanted => document.querySelector(wanted)?.checkVisibility() ?? false, selector);
}

/** Publishes in the clear, as clients do that know no encryption. */
function clearPeer({ synapse, users, focus, room }: Deployment): LightPeer {
  const user = users[PAGES];
  if (user === undefined) throw new RangeError(`${PAGES + 1} users are needed`);
  const { userId } = focus.user;
  return new LightPeer({
    baseUrl: synapse.baseUrl,
    user,
    focus: { userId, deviceId: FOCUS_DEVICE_ID },
    room,
    subscribe: 'nothing',
  });
}
