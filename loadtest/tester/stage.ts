/** All that a run needs before its first participant joins, and what has to be cleaned up after the last has left. */
import type { CallRoom, MatrixDevice } from '../peers/call-place.ts';
import { findDoor, FocusLine } from '../peers/focus-line.ts';
import { HomeserverLink } from '../peers/homeserver-link.ts';
import type { SignallingLink } from '../peers/signalling-link.ts';
import { Canary } from './canary.ts';
import { messageOf, TesterFailure } from './failure.ts';
import { Users } from './homeserver/access.ts';
import { AppserviceLink } from './homeserver/appservice-link.ts';
import { endCall, makeCall } from './homeserver/call.ts';
import { Transactions } from './homeserver/transactions.ts';
import type { LoadTestOptions } from './options.ts';
import { DealtShare } from './share/dealt-share.ts';
import { LocalShare } from './share/local-share.ts';
import type { Share, ShareSetup } from './share/messages.ts';
import { Leader } from './testers/leader.ts';

/** A run that can begin. */
export interface SetStage {
  /** Of the participants, by their numbers. */
  devices: readonly MatrixDevice[];
  share: Share;
  canary: Canary | undefined;
  /** This one and those that joined. */
  testers: number;
}

/** Prepares a run; what it makes is owned by `stack`, and ends in order: participants, browser, room, listeners. */
export async function setStage(
  options: LoadTestOptions,
  stack: AsyncDisposableStack,
  tell: (trouble: string) => void,
): Promise<SetStage> {
  const { access, focus, homeserver, signal } = options;
  const say = options.tell ?? (() => undefined);
  const participants = options.ramp.steps.at(-1) ?? 0;

  const transactions =
    access.kind === 'appservice' ? stack.use(await Transactions.listen(access.registration)) : undefined;
  const leader = options.lead === undefined ? undefined : stack.use(await Leader.listen({ ...options.lead, tell }));
  const users = new Users(homeserver, access, signal);
  say('prepare the users');
  const all = await users.devices(participants + (options.canary === false ? 0 : 1), focus, done => {
    if (done % 50 === 0) say(`${done} users registered`);
  });
  const [creator] = all;
  if (creator === undefined) throw new TesterFailure('No participants are asked for.', 'Take one at least.');
  const room = options.call ?? (await ownCall(options, users, creator, stack, say));
  say(`bring ${all.length} users into the room`);
  await users.join(all, room.roomId, done => {
    if (done % 50 === 0) say(`${done} users in the room`);
  });
  if (options.call !== undefined) stack.defer(() => users.leave(room.roomId));

  const setup: ShareSetup = {
    scenario: options.scenario,
    homeserver,
    focus,
    room,
    via: options.via,
    ...(options.via === 'ws' ? { door: await doorOf(options) } : {}),
    speaking: users.speaking,
    memberEvents: options.memberEvents,
    endpoint: options.endpoint,
    bindAddress: options.bindAddress,
  };
  const opened = options.canary === false ? undefined : await openCanary(options, setup, all[participants]);
  if (opened !== undefined) stack.use(opened.canary);
  const measured = Object.values(options.measured).flatMap(part => (part.kind === 'pid' ? part.pid : []));
  const local = new LocalShare(tell, options.local, measured);
  local.setApart(opened?.canary.pid());
  stack.defer(() => local.stop());
  const joined = leader === undefined ? [] : await waitForTesters(leader, options, say);
  const share = new DealtShare([local, ...joined]);
  stack.defer(() => share.stop());
  transactions?.handTo(events => {
    share.say({ kind: 'to-device', events });
    for (const event of events) if (event.userId === opened?.device.userId) opened.hand?.(event);
  });
  share.say({ kind: 'start', setup });
  return { devices: all.slice(0, participants), share, canary: opened?.canary, testers: 1 + joined.length };
}

async function ownCall(
  { focus, signal }: LoadTestOptions,
  users: Users,
  creator: MatrixDevice,
  stack: AsyncDisposableStack,
  say: (text: string) => void,
): Promise<CallRoom> {
  say('make a room with a call, and wait for the focus');
  const room = await makeCall(users, creator, focus, signal);
  stack.defer(() => {
    say('end the call, and leave the room');
    return endCall(users, creator, room, focus);
  });
  return room;
}

async function doorOf({ focusUrl }: LoadTestOptions): Promise<NonNullable<ShareSetup['door']>> {
  if (focusUrl === undefined) {
    throw new TesterFailure('Where the focus takes WebSockets is not known.', 'Say where it serves HTTP: --focus-url.');
  }
  try {
    return await findDoor(focusUrl);
  } catch (cause) {
    throw new TesterFailure(`No fast signalling: ${messageOf(cause)}.`, 'Take --via to-device.', { cause });
  }
}

function waitForTesters(
  leader: Leader,
  options: LoadTestOptions,
  say: (text: string) => void,
): Promise<readonly Share[]> {
  say(`wait for ${options.lead?.testers ?? 0} other testers at ${options.lead?.host ?? ''}:${leader.port}`);
  return leader.all(options.signal);
}

interface OpenedCanary {
  canary: Canary;
  device: MatrixDevice;
  /** Where its events come by transaction. */
  hand?: AppserviceLink['hand'];
}

async function openCanary(
  options: LoadTestOptions,
  setup: ShareSetup,
  device: MatrixDevice | undefined,
): Promise<OpenedCanary | undefined> {
  const { canary: wanted, scenario } = options;
  const role =
    scenario.roles.find(({ subscribes }) => subscribes.video.length > 0) ??
    scenario.roles.find(({ subscribes }) => subscribes.audio);
  // Nobody receives anything in this scenario.
  if (wanted === false || device === undefined || role === undefined) return undefined;
  const { homeserver, speaking, focus, room, door } = setup;
  const masked =
    speaking.kind === 'appservice'
      ? new AppserviceLink(homeserver, speaking.asToken, device, () => undefined)
      : undefined;
  const own = masked ?? new HomeserverLink(homeserver, device);
  const link: SignallingLink =
    door === undefined
      ? own
      : new FocusLine({
          door,
          focusUserId: focus.userId,
          ...room,
          deviceId: device.deviceId,
          openIdToken: () => own.openIdToken(),
          sendState: (...state) => own.sendState(...state),
        });
  const { executablePath } = wanted;
  const canary = await Canary.open({
    homeserver,
    device,
    room,
    focus,
    link,
    subscribes: role.subscribes,
    executablePath,
  });
  return { canary, device, ...(masked === undefined ? {} : { hand: event => masked.hand(event) }) };
}
