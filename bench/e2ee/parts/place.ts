/** What each part works with, and what its calls have in common. */
import { networkInterfaces } from 'node:os';
import type { CallBrowser } from '../../../demo/check/browser.ts';
import type { Call } from '../../../demo/check/call.ts';
import { Participant } from '../../../demo/check/participant.ts';
import { countPairs, type Pair } from '../../../demo/check/pairs.ts';
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
  /** Comparisons of a clear and an encrypted call. */
  rounds: number;
  progress: Progress;
  fail: (reason: string) => void;
  signal: AbortSignal;
}

/** Before and after a join: what one starts is over before the next. */
export const CALM_MS = 3_000;
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
