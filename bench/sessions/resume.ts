import { type Call, openPage, pause } from '../../demo/check/call.ts';
import { joinOne } from '../../demo/check/phases/join.ts';
import type { Participant } from '../../demo/check/participant.ts';
import { longestGap } from '../../demo/check/statistics.ts';

/** A gap in the pictures of a viewer, ms; 0 where it is no longer than those of a calm time. */
export interface Cut {
  cause: 'ws cut' | 'homeserver cut';
  gapMs: number;
}

const CALM_MS = 5_000;
const LOOKED_AT_MS = 8_000;
/** Of the longest gap of a calm time: machines hiccup. */
const NO_LONGER = 2;

/** Two in a call; first the ws of one is cut, then the homeserver of all is frozen. Media has to notice neither. */
export async function measureCuts(call: Call): Promise<Cut[]> {
  const { users, synapse } = call.deployment;
  for (const user of users.slice(0, 2)) await joinOne(call, await openPage(call, user));
  const [, viewer] = call.participants;
  if (viewer === undefined) throw new RangeError('two users are needed');
  await viewer.watch(true);
  await pause(call, CALM_MS);
  const calm = await gapDuring(call, viewer, CALM_MS);
  const cuts: Cut[] = [];
  const cut = async (cause: Cut['cause'], break_: () => Promise<void> | void, mend: () => void): Promise<void> => {
    await break_();
    const gap = await gapDuring(call, viewer, LOOKED_AT_MS);
    mend();
    cuts.push({ cause, gapMs: gap <= calm * NO_LONGER ? 0 : Math.round(gap) });
    await pause(call, CALM_MS);
    const state = await viewer.condition();
    if (!state.startsWith('connected')) call.fail(`after "${cause}" the page of ${viewer.name} is ${state}`);
  };
  await cut(
    'ws cut',
    () => viewer.cutSignalling(),
    () => undefined,
  );
  await cut(
    'homeserver cut',
    () => synapse.pause(),
    () => synapse.resume(),
  );
  return cuts;
}

/** The longest time without a picture of anybody, from now on. */
async function gapDuring(call: Call, viewer: Participant, ms: number): Promise<number> {
  const from = performance.timeOrigin + performance.now();
  await pause(call, ms);
  const streams = await viewer.framesSince(from);
  const gaps = streams.map(({ frames }) =>
    longestGap(
      frames.map(({ presentedAt }) => presentedAt),
      from,
      from + ms,
    ),
  );
  return gaps.length === 0 ? ms : Math.max(...gaps);
}
