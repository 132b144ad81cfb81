/**
 * One call in an encrypted room: three are in, a fourth comes, one leaves. Its RTP is recorded at the focus, and given to those who must
 * not read it.
 */
import { join } from 'node:path';
import { type Call, judgeFor, pause } from '../../../demo/check/call.ts';
import { Chromium } from '../../../demo/check/chromium.ts';
import { Firefox } from '../../../demo/check/firefox.ts';
import type { Participant } from '../../../demo/check/participant.ts';
import { startDeployment } from '../../../demo/deployment.ts';
import { EncryptionWatch } from '../encryption-watch.ts';
import { type CallFigures, PARTICIPANTS } from '../figures.ts';
import { recordedTo, recordingIn } from '../recording/recording-focus.ts';
import { type CallSecrets, figuresOfRecording } from '../replay/recording-figures.ts';
import { now } from '../../sessions/gaps.ts';
import { leave } from './leave.ts';
import {
  comeIn,
  CONFIG,
  countDecrypted,
  JUDGED_MS,
  listensForFirefox,
  openOutsider,
  openWatched,
  type Parts,
  tellComplaints,
  untilAllMeet,
} from './place.ts';

const NAMES = ['participant1', 'participant2', 'participant3', 'participant4'] as const;
/** Whose page is a Firefox, and who leaves, by their places in line. The last one comes late. */
const IN_FIREFOX = 2;
const LEAVES = 1;
/** What a newcomer must not read, and what somebody who left must not. */
const ALONE_MS = 5_000;
/** CSS px. Four pages are painted by two cores, which are to have time left for keys. */
const WINDOW = { width: 480, height: 360 };

export async function measureCall(parts: Parts): Promise<CallFigures> {
  const file = join(parts.stateDir, 'rtp');
  const { figures, secrets } = await playCall(parts, file);
  // The focus has ended, and written all that it had.
  const { progress, fail } = parts;
  const recording = await recordingIn(file);
  for (const failure of recording.failures) fail(`the recorder: ${failure}`);
  if (recording.fullAt !== undefined) fail('the recording was full before the call was over');
  const { frames, incomplete, unreadable, replays, bytes, inTheClear } = await figuresOfRecording(recording, secrets);
  progress.tell(
    `${frames} frames of ${recording.tracks.length} tracks in ${recording.packets.length} packets came to the focus; ${incomplete} are not whole, ${unreadable} packets are in no codec that is encrypted`,
  );
  return { ...figures, replays, bytes, inTheClear };
}

interface Played {
  figures: Omit<CallFigures, 'replays' | 'bytes' | 'inTheClear'>;
  secrets: CallSecrets;
}

async function playCall(parts: Parts, recording: string): Promise<Played> {
  const { progress, signal, fail } = parts;
  await using deployment = await startDeployment({
    ...parts,
    users: NAMES,
    encrypted: true,
    config: { ...CONFIG, ...listensForFirefox() },
    focusProcess: recordedTo(recording),
    report: step => progress.tell(step),
  });
  await using chromium = await Chromium.start(signal, { window: WINDOW });
  await using firefox = await Firefox.start(signal, WINDOW);
  progress.tell(`Chromium ${await chromium.version()}, Firefox ${await firefox.version()}`);
  await using watch = new EncryptionWatch(fail);
  const call: Call = { deployment, chromium, participants: [], progress, signal, fail };
  const { users } = deployment;
  const [first] = users;
  if (first === undefined) throw new RangeError('users are needed');

  progress.phase('Join');
  const outsider = await openOutsider(call, watch, await deployment.synapse.login(first));
  const everybody: Participant[] = [];
  let newcomerJoinedAt = now();
  for (const [index, user] of users.entries()) {
    const page = await openWatched(call, watch, user, index === IN_FIREFOX ? firefox : chromium);
    everybody.push(page);
    if (index === users.length - 1) {
      await untilAllMeet(call);
      await pause(call, ALONE_MS);
    }
    newcomerJoinedAt = now();
    await comeIn(call, page);
  }

  progress.phase('Steady call');
  await untilAllMeet(call);
  const { pairs } = await judgeFor(call, JUDGED_MS);
  await watch.ask();
  const decoded = countDecrypted(call, watch, pairs);
  progress.tell(`${decoded} of ${pairs.length} pairs decrypt each other`);

  progress.phase('Leave');
  const [leaver, newcomer] = [everybody[LEAVES], everybody[PARTICIPANTS - 1]];
  if (leaver === undefined || newcomer === undefined) throw new RangeError(`${PARTICIPANTS} people are needed`);
  const { leftAt, rekeyedAt, gapMs } = await leave(call, watch, leaver);
  await pause(call, ALONE_MS);
  await watch.settle();
  tellComplaints(call, [...everybody, outsider]);
  return {
    figures: {
      participants: everybody.length,
      pairs: pairs.length,
      decoded,
      frames: watch.witnesses.identical(),
      rekeyMs: rekeyedAt === undefined ? undefined : rekeyedAt - leftAt,
      rekeyGapMs: gapMs,
    },
    secrets: {
      senders: watch.senderKeys,
      outsider: watch.keysAt(outsider),
      exMember: watch.keysAt(leaver),
      newcomer: watch.keysAt(newcomer),
      newcomerJoinedAt,
      rekeyedAt: rekeyedAt ?? leftAt,
      sentDigests: watch.witnesses.sentDigests,
    },
  };
}
