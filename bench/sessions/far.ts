/** A participant on another host, whose network changes or goes away. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Call, openPage, pause, until } from '../../demo/check/call.ts';
import { Chromium } from '../../demo/check/chromium.ts';
import type { Participant } from '../../demo/check/participant.ts';
import { joinOne } from '../../demo/check/phases/join.ts';
import { type DeploymentOptions, startDeployment } from '../../demo/deployment.ts';
import { FarHost } from '../../demo/far-host.ts';
import { gapBetween, now } from './gaps.ts';
import type { Resumption } from './resume.ts';

const CALM_MS = 4_000;
const MOVES_WITHIN_MS = 10_000;
const DARK_MS = 30_000;
const SEES_WITHIN_MS = 20_000;
const USERS: [string, string] = ['near', 'far'];

export type FarParts = Pick<DeploymentOptions, 'stateDir' | 'synapsePython' | 'workerBin' | 'pageDir'> &
  Pick<Call, 'signal' | 'progress' | 'fail'>;

/** First the address of one of two changes, then nothing gets through for half a minute. Each sees the other all the time else. */
export async function measureFar(parts: FarParts): Promise<Resumption[]> {
  const { signal, progress } = parts;
  const stateDir = join(parts.stateDir, 'far');
  await mkdir(stateDir, { recursive: true });
  await using owned = new AsyncDisposableStack();
  const host = owned.adopt(await FarHost.open(), it => it.close());
  const deployment = owned.use(
    await startDeployment({
      stateDir,
      synapsePython: parts.synapsePython,
      workerBin: parts.workerBin,
      pageDir: parts.pageDir,
      users: USERS,
      address: host.nearAddress,
      signal,
      report: step => progress.tell(step),
    }),
  );
  const origin = deployment.focus.baseUrl;
  const call: Call = {
    deployment,
    chromium: owned.use(await Chromium.start(signal, { origin })),
    participants: [],
    progress,
    signal,
    fail: parts.fail,
  };
  const there: Call = {
    ...call,
    chromium: owned.use(await Chromium.start(signal, { origin, namespace: host.namespace })),
  };
  for (const [index, place] of [call, there].entries()) {
    const user = deployment.users[index];
    if (user === undefined) throw new RangeError('two users are needed');
    await joinOne(place, await openPage(place, user));
  }
  await Promise.all(call.participants.map(participant => participant.watch(true)));
  await pause(call, CALM_MS);
  const resumptions: Resumption[] = [];

  const movedAt = now();
  await host.changeAddress();
  await pause(call, MOVES_WITHIN_MS);
  const gaps = await Promise.all(
    call.participants.map(viewer => gapBetween(viewer, movedAt, movedAt + MOVES_WITHIN_MS)),
  );
  resumptions.push({ cause: 'address changed', gapMs: Math.round(Math.max(...gaps)) });

  await host.goDark();
  try {
    await pause(call, DARK_MS);
  } finally {
    await host.goLight();
  }
  const lightAt = now();
  const seenAfter = await Promise.all(call.participants.map(viewer => firstPictureAfter(call, viewer, lightAt)));
  resumptions.push({ cause: '30 s dark', gapMs: Math.round(Math.max(...seenAfter)) });
  for (const participant of call.participants) await mustHaveKeptItsSession(call, participant);
  return resumptions;
}

/** ms since then; all of the patience where there is none. */
async function firstPictureAfter(call: Call, viewer: Participant, since: number): Promise<number> {
  const seen = await until(call, SEES_WITHIN_MS, async () => {
    const streams = await viewer.framesSince(since);
    return streams.flatMap(({ frames }) => frames[0]?.shownAt ?? [])[0];
  });
  if (seen === undefined)
    call.fail(`${viewer.name} saw nothing in the ${SEES_WITHIN_MS / 1_000} s after light came back`);
  return seen === undefined ? SEES_WITHIN_MS : seen - since;
}

/** One peer connection for all of it: nothing was torn down. */
async function mustHaveKeptItsSession(call: Call, participant: Participant): Promise<void> {
  const { constructed } = await participant.snapshot();
  if (constructed !== 1) call.fail(`the page of ${participant.name} made ${constructed} peer connections for one stay`);
  const state = await participant.condition();
  if (!state.startsWith('connected')) call.fail(`the page of ${participant.name} is ${state}`);
}
