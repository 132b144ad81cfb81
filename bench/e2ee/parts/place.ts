/** What each part works with, and what its calls have in common. */
import { networkInterfaces } from 'node:os';
import type { CallBrowser } from '../../../demo/check/browser.ts';
import { type Call, pause, until } from '../../../demo/check/call.ts';
import { Participant } from '../../../demo/check/participant.ts';
import { countPairs, type Pair } from '../../../demo/check/pairs.ts';
import { untilWhole } from '../../../demo/check/whole.ts';
import type { Progress } from '../../../demo/check/progress.ts';
import { Failure } from '../../../setup/failure.mjs';
import type { MatrixUser } from '../../../demo/synapse.ts';
import type { EncryptionWatch } from '../encryption-watch.ts';
import { senderOf, WITNESS } from '../page-encryption.ts';

export interface Parts {
  /** Folder of its state and logs. */
  stateDir: string;
  workerBin: string;
  synapsePython: string;
  pageDir: string;
  /** Engine of load peers that cost little. */
  loadPeer: string;
  /** Comparisons of a clear and an encrypted call. */
  rounds: number;
  progress: Progress;
  fail: (reason: string) => void;
  signal: AbortSignal;
}

/** After a join: what it starts is over before the next. */
const CALM_MS = 3_000;
const CONNECTS_WITHIN_MS = 45_000;
const WHOLE_WITHIN_MS = 60_000;
/** For the link of who only looks on: of a link that says it twice, the first counts. */
const LITTLE_VIDEO = 'video=32x18x1';
/** How long pairs are judged. */
export const JUDGED_MS = 10_000;

/**
 * A page before the call, which tells of its encryption.
 *
 * @param user a device that no page had before: its keys are in the storage of that one
 */
export function openWitness(call: Call, user: MatrixUser, browser: CallBrowser = call.chromium): Promise<Participant> {
  return Participant.open(browser, user, `${call.deployment.link(user)}&${WITNESS}`);
}

/** The same, whose encryption is watched. */
export async function openWatched(
  call: Call,
  watch: EncryptionWatch,
  user: MatrixUser,
  browser: CallBrowser = call.chromium,
): Promise<Participant> {
  const page = await openWitness(call, user, browser);
  watch.add(page);
  return page;
}

/** Another device of the room's members, which stays outside of the call, and takes little of the machine. */
export async function openOutsider(call: Call, watch: EncryptionWatch, user: MatrixUser): Promise<Participant> {
  const link = `${call.deployment.link(user)}&${WITNESS}&${LITTLE_VIDEO}`;
  const page = await Participant.open(call.chromium, user, link);
  watch.add(page);
  return page;
}

/** Clicks the button. Rejects with a Failure where it does not connect. */
export async function comeIn(call: Call, page: Participant): Promise<void> {
  await page.join();
  call.participants.push(page);
  const connected = await until(call, CONNECTS_WITHIN_MS, async () => (await page.snapshot()).connected || undefined);
  if (connected === undefined)
    throw new Failure(`${page.name} does not connect: ${await page.condition()}`, "Look into the focus's log.");
  call.progress.tell(`${page.name} is in`);
  await pause(call, CALM_MS);
}

/** Waits until everybody plays voice and picture of everybody else; tells whoever does not in time. */
export async function untilAllMeet(call: Call): Promise<void> {
  const wholeness = await untilWhole(call, Date.now(), WHOLE_WITHIN_MS);
  switch (wholeness.kind) {
    case 'whole':
      return;
    case 'missing':
      call.fail(`not within ${WHOLE_WITHIN_MS / 1_000} s: ${wholeness.pairs.join(', ')}`);
  }
}

/** Pairs where one plays voice and picture of the other, of which the viewer says that it decrypted both. The others are told. */
export function countDecrypted(call: Call, watch: EncryptionWatch, pairs: readonly Pair[]): number {
  const missing = [...countPairs(pairs, 'audio').missing, ...countPairs(pairs, 'video').missing];
  let decoded = 0;
  for (const pair of pairs) {
    const [viewer, sender] = [pair.viewer, pair.sender].map(name => call.participants.find(each => each.name === name));
    if (viewer === undefined || sender === undefined) continue;
    const decrypts = watch.witnesses.decrypts(senderOf(viewer), senderOf(sender));
    if (!decrypts) missing.push(`${sender.name} at ${viewer.name}: voice and picture are not decrypted`);
    if (decrypts && pair.audio.passed && pair.video.passed) decoded += 1;
  }
  for (const reason of missing) call.fail(reason);
  for (const page of call.participants)
    for (const { streamId, reason } of watch.latest(page)?.undecrypted ?? [])
      call.fail(`${page.name} cannot decrypt ${streamId}: ${reason}`);
  return decoded;
}

/** Notes what pages threw. Firefox says much of what others only tell their consoles. */
export function tellComplaints(call: Call, pages: readonly Participant[]): void {
  for (const { name, complaints, rendererPid } of pages) {
    if (rendererPid === undefined) continue;
    for (const complaint of complaints) call.fail(`the page of ${name} threw: ${complaint}`);
  }
}

/** What is measured is what encryption does, not what a focus does that has too much to do. */
export const CONFIG = { overload: { enabled: false } };

/** Firefox sends nothing to loopback. Throws a Failure where this machine has no other address. */
export function listensForFirefox(): { media: { listen: { ip: string }[] } } {
  const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? []);
  const other = all.find(({ internal, family }) => !internal && family === 'IPv4');
  if (other === undefined)
    throw new Failure('This machine has no address but loopback, to which Firefox sends nothing.', 'Give it another.');
  return { media: { listen: [{ ip: '127.0.0.1' }, { ip: other.address }] } };
}
