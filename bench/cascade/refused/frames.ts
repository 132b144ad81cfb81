import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempts } from './attempts.ts';
import { HostileFocus } from './hostile-focus.ts';
import type { RefusedStage } from './stage.ts';

const CLOSED_WITHIN_MS = 5_000;
const FLOOD = 20_000;
/** What is read of it in a second ends it, or it is over. */
const FLOODED_FOR_MS = 20_000;
/** A focus that does not read is cut off within 5 s; it takes a while until it is dark. */
const CUT_OFF_WITHIN_MS = 20_000;

const OPEN = '{"type":"org.weir.trunk.open","content":{}}';
const WRONG: readonly [name: string, frames: readonly (string | Buffer)[]][] = [
  ['a trunk that begins with something else', ['1 text']],
  ['a trunk that begins with what is no JSON', ['{']],
  ['a trunk that begins twice', [OPEN, OPEN]],
  ['a trunk that leaves a frame out', [OPEN, '2 text']],
  ['a trunk that acknowledges what was not said', [OPEN, '{"type":"org.weir.trunk.ack","content":{"received":5}}']],
  ['a trunk that says what is not known', [OPEN, '{"type":"org.weir.trunk.other","content":{}}']],
  ['a frame that is binary', [Buffer.from(OPEN)]],
  ['a frame that is too large', [OPEN, `1 ${'x'.repeat(600_000)}`]],
];

/** A focus that a member names says what is no protocol, too much, and takes nothing. */
export async function tryFrames(stage: RefusedStage, attempts: Attempts): Promise<void> {
  await using focus = await HostileFocus.open(stage, 'dora');
  await stage.name(await stage.member('moira'), focus.user);
  attempts.control('a trunk that begins as it should', await isBorne(focus, [OPEN]));
  for (const [name, frames] of WRONG) attempts.note(name, await isBorne(focus, frames));
  await flood(stage, attempts, focus);
  await readNothing(stage, attempts, focus);
}

/** Whether the WebSocket goes on after such frames. */
async function isBorne(focus: HostileFocus, frames: readonly (string | Buffer)[]): Promise<boolean> {
  using trunk = await focus.openSocket();
  const closed = once(trunk.ws, 'close').then(() => false);
  for (const frame of frames) trunk.ws.send(frame);
  return await Promise.race([closed, delay(CLOSED_WITHIN_MS, true, { ref: false })]);
}

async function flood(stage: RefusedStage, attempts: Attempts, focus: HostileFocus): Promise<void> {
  using trunk = await focus.openTrunk();
  for (let times = 0; times < FLOOD; times += 1) trunk.sayText(`{"type":"org.weir.nonsense","content":${times}}`);
  attempts.note('a flood of frames', (await stage.silenced()).length > 0);
  await stage.place.until(FLOODED_FOR_MS, () => !trunk.isOpen);
}

async function readNothing(stage: RefusedStage, attempts: Attempts, focus: HostileFocus): Promise<void> {
  using trunk = await focus.openTrunk();
  const [before] = await stage.openTrunks();
  trunk.ws.pause();
  const cutOff = await stage.place.until(CUT_OFF_WITHIN_MS, async () => (await stage.openTrunks())[0] < before);
  attempts.note('a focus that does not read', cutOff === undefined);
}
