import { type Call, openPage, pause, until } from '../call.ts';
import type { Participant } from '../participant.ts';
import { Failure } from '../../../setup/failure.mjs';

const CONNECTS_WITHIN_MS = 15_000;
const SEES_WITHIN_MS = 20_000;
/** Before and after a join: what one starts is over before the next. */
const CALM_MS = 3_000;
/** Asking pages takes their time: nobody asks before most joins are over. Pages note by themselves when they show what. */
const UNDISTURBED_MS = 2_000;

/** What joining took, in ms from the click. */
export interface JoinTimes {
  /** Until the first frame of anybody, for each who found somebody there. */
  firstFrames: number[];
  /** Until each of those who were there saw the newcomer. */
  newcomers: number[];
}

/** Everybody opens a page and joins, one after the other. */
export async function joinInTurn(call: Call): Promise<JoinTimes> {
  call.progress.phase('Join');
  const times: JoinTimes = { firstFrames: [], newcomers: [] };
  for (const user of call.deployment.users) {
    call.signal.throwIfAborted();
    const participant = await openPage(call, user);
    await pause(call, CALM_MS);
    const one = await joinOne(call, participant);
    times.firstFrames.push(...one.firstFrames);
    times.newcomers.push(...one.newcomers);
    await pause(call, CALM_MS);
  }
  return times;
}

/** One more joins those who are in. Rejects where it sees nobody, or somebody does not see it. */
export async function joinOne(call: Call, newcomer: Participant): Promise<JoinTimes> {
  const others = [...call.participants];
  const clickedAt = await newcomer.join();
  call.participants.push(newcomer);
  if (others.length === 0) {
    const connected = await until(
      call,
      CONNECTS_WITHIN_MS,
      async () => (await newcomer.snapshot()).connected || undefined,
    );
    if (connected === undefined) throw await notIn(newcomer, 'does not connect');
    call.progress.tell(`${newcomer.name} is in, alone`);
    return { firstFrames: [], newcomers: [] };
  }
  await pause(call, UNDISTURBED_MS);
  const seen = await until(call, SEES_WITHIN_MS, () => firstSights(newcomer, others, clickedAt));
  if (seen === undefined) throw await notIn(newcomer, await whoIsMissing(newcomer, others, clickedAt));
  const firstFrame = Math.min(...seen.ofOthers) - clickedAt;
  const newcomers = seen.atOthers.map(at => at - clickedAt);
  call.progress.tell(
    `${newcomer.name} sees somebody after ${Math.round(firstFrame)} ms, is seen by the others after ${newcomers.map(Math.round).join(', ')} ms`,
  );
  call.progress.tell(`  by its own clock: ${await newcomer.marksSince(clickedAt)}`);
  return { firstFrames: [firstFrame], newcomers };
}

interface FirstSights {
  /** When the newcomer first saw each of the others. */
  ofOthers: number[];
  /** When each of the others first saw the newcomer. */
  atOthers: number[];
}

/** Undefined until everybody saw the newcomer and the newcomer saw everybody. */
async function firstSights(
  newcomer: Participant,
  others: readonly Participant[],
  since: number,
): Promise<FirstSights | undefined> {
  const { publishedStreams } = await newcomer.snapshot();
  const ofOthers = (await newcomer.framesSince(since)).flatMap(({ frames }) => frames[0]?.shownAt ?? []);
  const views = await Promise.all(others.map(other => other.framesSince(since)));
  const atOthers = views.flatMap(
    view => view.find(({ streamId }) => publishedStreams.includes(streamId))?.frames[0]?.shownAt ?? [],
  );
  const whole = ofOthers.length >= others.length && atOthers.length === others.length;
  return whole ? { ofOthers, atOthers } : undefined;
}

async function whoIsMissing(newcomer: Participant, others: readonly Participant[], since: number): Promise<string> {
  const { publishedStreams } = await newcomer.snapshot();
  const seen = (await newcomer.framesSince(since)).filter(({ frames }) => frames.length > 0).length;
  const blind: string[] = [];
  for (const other of others) {
    const view = (await other.framesSince(since)).find(({ streamId }) => publishedStreams.includes(streamId));
    if (view === undefined || view.frames.length === 0) blind.push(other.name);
  }
  const notSeenBy = blind.length === 0 ? '' : `, and is not seen by ${blind.join(', ')}`;
  return `sees ${seen} of ${others.length} within ${SEES_WITHIN_MS / 1_000} s${notSeenBy}`;
}

async function notIn(participant: Participant, what: string): Promise<Failure> {
  const complaints = participant.complaints.map(complaint => `\n  ${complaint}`).join('');
  return new Failure(
    `${participant.name} ${what} (its page says: ${await participant.condition()})${complaints}`,
    "Look into the focus's log.",
  );
}
