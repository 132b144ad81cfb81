/** Pictures of the call page in an encrypted call, for people. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Call, openPage, pause, until } from '../../../demo/check/call.ts';
import { Chromium } from '../../../demo/check/chromium.ts';
import type { Participant } from '../../../demo/check/participant.ts';
import { type Deployment, startDeployment } from '../../../demo/deployment.ts';
import { FOCUS_DEVICE_ID } from '../../../demo/site.ts';
import type { MatrixUser } from '../../../demo/synapse.ts';
import { LightPeer } from '../../../loadtest/peers/light-peer.ts';
import { type ExampleHost, serveExampleHost } from './example-host.ts';
import { comeIn, CONFIG, type Parts, untilAllMeet } from './place.ts';
import { EMBEDDED, SHOTS, type Shot } from './shots.ts';

const NAMES = ['participant1', 'participant2', 'participant3', 'participant4', 'participant5'] as const;
/** Of them, in pages; then one without a page, and one whose page is a widget. */
const PAGES = 3;
const DRAWN_AFTER_MS = 2_000;
const SHOWS_WITHIN_MS = 15_000;

/** Saves those that can be taken; the others are told. */
export async function takeScreenshots(parts: Parts, folder: string): Promise<void> {
  const { progress, signal, fail, stateDir } = parts;
  await mkdir(folder, { recursive: true });
  await using owned = new AsyncDisposableStack();
  const host = owned.use(await serveExampleHost(join(stateDir, 'host')));
  await using deployment = await startDeployment({
    ...parts,
    users: NAMES,
    encrypted: true,
    config: { ...CONFIG, http: { embed_origins: [host.origin] } },
    report: step => progress.tell(step),
  });
  await using chromium = await Chromium.start(signal);
  const call: Call = { deployment, chromium, participants: [], progress, signal, fail };
  for (const user of deployment.users.slice(0, PAGES)) await comeIn(call, await openPage(call, user));
  await untilAllMeet(call);
  await takeInPage(call, folder);
  await takeEmbedded(call, host, folder);
}

/** Whoever comes for one of them stays until all are taken. */
async function takeInPage(call: Call, folder: string): Promise<void> {
  await using others = new AsyncDisposableStack();
  for (const shot of SHOTS) {
    const { name, needs } = shot;
    if (needs === 'somebody without encryption') await others.use(clearPeer(call.deployment)).join();
    const reason = await take(call, shot, join(folder, name));
    if (reason === undefined) call.progress.tell(join(folder, `${name}.png`));
    else call.fail(`screenshot ${name}: ${reason}`);
  }
}

async function takeEmbedded(call: Call, host: ExampleHost, folder: string): Promise<void> {
  const { name, viewport } = EMBEDDED;
  const page = await host.open(call, userAt(call.deployment, PAGES + 1));
  try {
    await page.setViewport({ deviceScaleFactor: 1, ...viewport });
    await pause(call, DRAWN_AFTER_MS);
    await page.screenshot({ path: `${join(folder, name)}.png`, type: 'png' });
    call.progress.tell(join(folder, `${name}.png`));
  } finally {
    await page.browserContext().close();
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
function clearPeer(deployment: Deployment): LightPeer {
  const { synapse, focus, room } = deployment;
  return new LightPeer({
    baseUrl: synapse.baseUrl,
    user: userAt(deployment, PAGES),
    focus: { userId: focus.user.userId, deviceId: FOCUS_DEVICE_ID },
    room,
    subscribe: 'nothing',
  });
}

function userAt({ users }: Deployment, place: number): MatrixUser {
  const user = users[place];
  if (user === undefined) throw new RangeError(`${place + 1} users are needed`);
  return user;
}
