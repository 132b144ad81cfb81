import { sendState } from '../../../demo/call-room.ts';
import { CALL_EVENT_TYPES } from '../../../signalling/wire/names.ts';
import { joinMember } from '../lab/members.ts';
import type { Attempts } from './attempts.ts';
import { HostileFocus } from './hostile-focus.ts';
import type { RefusedStage } from './stage.ts';

/** A hello waits 10 s for room state; then it is forgotten. */
const FORGOTTEN_AFTER_MS = 12_000;
const NO_CALL = 'no-such-call';
const NO_ROOM = '!nowhere:example.org';
const SECOND_CALL = 'second-call';

/** Hellos of a focus that no member names, for calls that there are not, and for one of which a member names a focus that she is not on. */
export async function tryHellos(stage: RefusedStage, attempts: Attempts): Promise<void> {
  await using stranger = await HostileFocus.open(stage, 'stranger');
  for (const about of [{}, { confId: NO_CALL }, { roomId: NO_ROOM }]) await stranger.sayHello(stranger.newEnd(about));
  await using caller = await callWithVictim(stage);
  await stage.place.pause(FORGOTTEN_AFTER_MS);
  const isAnswered = (roomId: string, confId: string): boolean =>
    stranger.heard.some(hello => hello.roomId === roomId && hello.confId === confId);
  const { roomId, confId } = stage.room;
  attempts.note('a hello of a focus that no member names', isAnswered(roomId, confId));
  attempts.note('a hello for a call that there is not', isAnswered(roomId, NO_CALL));
  attempts.note('a hello for a room that there is not', isAnswered(NO_ROOM, confId));
  attempts.control('a call whose member names a focus that she is not on', caller.peer.isConnected());
  const [attacked, other] = await stage.openTrunks();
  attempts.note('a focus that is named by a member who is not on it', attacked > 1 || other > 1);
}

/** A second call in the room: amy is on the attacked focus, and mallory says that she is on the other one, where nobody is. */
async function callWithVictim(stage: RefusedStage) {
  const [near, far] = stage.place.federation.sites;
  const [creator, , amy] = near.users;
  if (creator === undefined || amy === undefined) throw new RangeError('three users are needed');
  const [type] = CALL_EVENT_TYPES;
  const content = { 'm.intent': 'm.room', 'm.type': 'm.video' };
  await sendState(near.synapse.baseUrl, creator, stage.room.roomId, { type, stateKey: SECOND_CALL, content });
  await stage.name(await stage.member('mallory'), far.focus.user, SECOND_CALL);
  const room = { roomId: stage.room.roomId, confId: SECOND_CALL };
  const member = await joinMember(stage.place, amy, { subscribe: 'nothing', room });
  return { peer: member.peer, [Symbol.asyncDispose]: () => member.peer.leave() };
}
