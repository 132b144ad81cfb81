import { type Call, openPage, until } from '../call.ts';
import { Failure } from '../../../setup/failure.mjs';
import type { Participant } from '../participant.ts';
import { joinOne, type JoinTimes } from './join.ts';

const GONE_WITHIN_MS = 40_000;
const POLL_MS = 50;
const NOTICES_WITHIN_MS = 5_000;

/**
 * Kills the process behind a page, so that nothing of it can say goodbye. Gives the time until the last of the others
 * has no tile of it, in ms; undefined where that does not come.
 */
export async function killOne(call: Call): Promise<number | undefined> {
  call.progress.phase('Kill a page');
  const victim = call.participants.at(-1);
  if (victim === undefined) throw new Failure('There is nobody in the call.', 'See why nobody joined.');
  const pid = victim.rendererPid;
  if (pid === undefined) throw new Failure('The process of a page is not known.', 'See how its browser is started.');
  if (new Set(call.participants.map(({ rendererPid }) => rendererPid)).size !== call.participants.length) {
    throw new Failure('Two pages share a process, so that none can be killed alone.', 'See how Chromium is started.');
  }
  const { publishedStreams } = await victim.snapshot();
  call.participants.pop();
  const others = [...call.participants];
  const showing = await Promise.all(others.map(other => shows(other, publishedStreams)));
  if (showing.includes(false)) throw new Failure('A tile is missing before its page is killed.', 'See the page.');

  const killedAt = performance.now();
  process.kill(pid, 'SIGKILL');
  const times = await Promise.all(
    others.map(other =>
      until(
        call,
        GONE_WITHIN_MS,
        async () => ((await shows(other, publishedStreams)) ? undefined : performance.now() - killedAt),
        POLL_MS,
      ),
    ),
  );
  await until(call, NOTICES_WITHIN_MS, async () => victim.crashed || undefined);
  if (!victim.crashed || others.some(({ crashed }) => crashed)) {
    throw new Failure(
      `Process ${pid} was not the page of ${victim.name}.`,
      "The check's fault: see Chromium.processOf().",
    );
  }
  await victim.close();
  const gone = times.flatMap(time => time ?? []);
  if (gone.length < others.length) {
    call.fail(`the tile of a killed page was still there after ${GONE_WITHIN_MS / 1_000} s`);
    return undefined;
  }
  call.progress.tell(`its tile was gone after ${gone.map(Math.round).join(', ')} ms`);
  return Math.max(...gone);
}

/** The same user comes back with a new page. */
export async function replaceKilled(call: Call): Promise<JoinTimes> {
  call.progress.phase('Join again');
  const user = call.deployment.users.at(-1);
  if (user === undefined) throw new Failure('There are no users.', 'Give the check some participants.');
  return joinOne(call, await openPage(call, user));
}

async function shows(viewer: Participant, streams: readonly string[]): Promise<boolean> {
  const tiles = await viewer.tiles();
  return streams.some(stream => tiles.includes(stream));
}
