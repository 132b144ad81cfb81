/** The way into a call: from a client of matrix-js-sdk and a room to somebody's stay in the call there. */
import type { MatrixClient } from 'matrix-js-sdk/lib/client.js';
import { CallRoom } from './call-room.ts';
import { Capture } from './capture.ts';
import { ClientHomeserver } from './client-homeserver.ts';
import { FoundFoci } from './found-foci.ts';
import type { Homeserver } from './homeserver.ts';
import { JoinedCall } from './joined-call.ts';
import type { MediaPreferences } from './media-preferences.ts';
import { problem, ProblemError } from './problems.ts';
import type { Shown } from './subscriptions.ts';
import { isWidgetClient, WidgetHomeserver } from './widget-homeserver.ts';

/** All of it may be left out. */
export interface JoinCallOptions {
  /** Address of the focus to call by where neither the operator of the homeserver nor anybody in the call names one. */
  focusUrl?: string;
  /** Homeservers that know the room, where we are not in it yet. */
  via?: string[];
  /** The call to join, by its conf_id; else the one that runs, or a new one. */
  confId?: string;
  /** Camera, microphone and screen. It stays the caller's to stop; one that is not given is made, off, and stopped in the end. */
  capture?: Capture;
  /** How to send, and which way. */
  preferences?: MediaPreferences;
  /** Whether a voice is heard before `hear` has said so; true unless given. */
  hearsNewcomers?: boolean;
  /** How a video will be drawn that is attached to no element yet; hidden unless given. */
  guessSize?: () => Shown;
}

/**
 * Joins the call of a room. The client is the caller's: made, with encryption set up where rooms need it, and started; here it is
 * used and never stopped. That of a widget (RoomWidgetClient) has what its host lets it have, see `callCapabilities`. Resolves when the room is known and the call is being joined: `state` tells of the rest, and the stay
 * mends itself until `leave`. Rejects with a ProblemError where no call can be held there by us.
 */
export async function joinCall(
  client: MatrixClient,
  roomId: string,
  options: JoinCallOptions = {},
): Promise<JoinedCall> {
  return joinBy(await homeserverOf(client, roomId, options.via), client.getHomeserverUrl(), roomId, options);
}

async function homeserverOf(client: MatrixClient, roomId: string, via: string[] | undefined): Promise<Homeserver> {
  if (isWidgetClient(client)) return new WidgetHomeserver(client);
  if (!client.clientRunning) throw new ProblemError(problem('UNEXPECTED', 'The client has not been started.'));
  const homeserver = new ClientHomeserver(client);
  if (client.getRoom(roomId)?.getMyMembership() !== 'join') await homeserver.join(roomId, via);
  return homeserver;
}

async function joinBy(
  homeserver: Homeserver,
  homeserverUrl: string,
  roomId: string,
  options: JoinCallOptions,
): Promise<JoinedCall> {
  const foci = new FoundFoci({ userId: homeserver.self.userId, homeserverUrl });
  const focus = options.focusUrl === undefined ? undefined : await foci.ask(options.focusUrl);
  const room = await CallRoom.open({
    homeserver,
    roomId,
    confId: options.confId,
    focus,
    pickFocus: others => foci.pick(others),
  });
  const { obstacle } = room;
  if (obstacle !== undefined && obstacle.code !== 'FOCUS_NOT_IN_ROOM') {
    room.close();
    throw new ProblemError(obstacle);
  }
  const joined = new JoinedCall({
    room,
    capture: options.capture ?? new Capture(),
    ownsCapture: options.capture === undefined,
    guessSize: options.guessSize ?? (() => 'hidden'),
    hearsNewcomers: options.hearsNewcomers ?? true,
    doorOf: wanted => foci.doorOf(wanted),
    ...(options.preferences === undefined ? {} : { preferences: options.preferences }),
  });
  joined.call.join();
  return joined;
}
