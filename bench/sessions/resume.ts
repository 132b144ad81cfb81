/** What a session survives without media noticing: cuts of its signalling. */
import { type Call, openPage, pause } from '../../demo/check/call.ts';
import { joinOne } from '../../demo/check/phases/join.ts';
import { gapDuring } from './gaps.ts';

/** A gap in pictures, ms; 0 where it is no longer than those of a calm time. After a dark time it counts from the light on. */
export interface Resumption {
  cause: 'address changed' | 'ws cut' | 'homeserver cut' | '30 s dark';
  gapMs: number;
}

const CALM_MS = 5_000;
const LOOKED_AT_MS = 8_000;
/** Of the longest gap of a calm time: machines hiccup. */
const NO_LONGER = 2;

/** Two in a call; first the ws of one is cut, then the homeserver of all is frozen. Media has to notice neither. */
export async function measureCuts(call: Call): Promise<Resumption[]> {
  const { users, synapse } = call.deployment;
  for (const user of users.slice(0, 2)) await joinOne(call, await openPage(call, user));
  const [, viewer] = call.participants;
  if (viewer === undefined) throw new RangeError('two users are needed');
  await viewer.watch(true);
  await pause(call, CALM_MS);
  const calm = await gapDuring(call, viewer, CALM_MS);
  const cuts: Resumption[] = [];
  const cut = async (
    cause: Resumption['cause'],
    break_: () => Promise<void> | void,
    mend: () => void,
  ): Promise<void> => {
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
