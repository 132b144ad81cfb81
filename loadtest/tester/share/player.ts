/** One participant: in the call when its scenario says so, subscribed to what its role says, judged each second. */
import type { MatrixDevice } from '../../peers/call-place.ts';
import { keyOf } from '../../peers/endpoint.ts';
import { FocusLine } from '../../peers/focus-line.ts';
import { HomeserverLink } from '../../peers/homeserver-link.ts';
import { LightPeer } from '../../peers/light-peer.ts';
import type { ReceivedTrack } from '../../peers/received-media.ts';
import type { PeerStack, ReportingEndpoint } from '../../peers/reporting-endpoint.ts';
import type { SignallingLink } from '../../peers/signalling-link.ts';
import { AppserviceLink } from '../homeserver/appservice-link.ts';
import type { Unhappiness } from '../result.ts';
import { type Excuse, judgeReceiver, newReceiver, type ReceiverState, type Wanted } from '../rules/receiver.ts';
import type { Part } from '../scenario/cast.ts';
import { chooseTracks } from '../scenario/choose.ts';
import { attendanceAt, speaksAt } from '../scenario/timeline.ts';
import type { ForwardedToDevice, Participant, ShareSetup } from './messages.ts';

/** Between a join that failed, or a session that the focus ended, and the next join, in ms. */
const JOINS_AGAIN_AFTER_MS = 1_000;

/** What a player tells of a second. */
export interface PlayerLook {
  isInvited: boolean;
  isConnected: boolean;
  /** It is to receive something. */
  isReceiver: boolean;
  unhappy: Unhappiness | undefined;
  received: readonly ReceivedTrack[];
  bytesSent: number;
}

/** Of the call around it. */
export interface CallNow {
  /** ms since the hold began; 0 before. */
  sinceHoldMs: number;
  /** By plan: how many of its role there are, and whether anybody else publishes. */
  roleMembers: number;
  othersPublish: boolean;
}

/** What happened to it, told once. */
export interface PlayerNews {
  joined(ms: number): void;
  firstMedia(ms: number): void;
  failed(message: string): void;
  /** Anything else that went wrong. */
  trouble(message: string): void;
}

interface Session {
  peer: LightPeer;
  endpoint: ReportingEndpoint;
  link: SignallingLink;
  isJoined: boolean;
  muted: boolean;
  grants: Map<string, Excuse>;
}

export class Player {
  readonly #setup: ShareSetup;
  readonly #part: Part;
  readonly #index: number;
  readonly #device: MatrixDevice;
  readonly #stack: PeerStack;
  readonly #news: PlayerNews;
  readonly #leaving = new Set<Promise<void>>();
  #session: Session | undefined;
  /** Of the time that it is to be in the call, whatever sessions it takes. */
  #receiver: ReceiverState | undefined;
  /** Of the attendance: the same number is the same session. */
  #attended = 0;
  #joinsAgainAt = 0;
  #ended = false;

  constructor(setup: ShareSetup, participant: Participant, part: Part, stack: PeerStack, news: PlayerNews) {
    this.#setup = setup;
    this.#part = part;
    this.#index = participant.index;
    this.#device = participant.device;
    this.#stack = stack;
    this.#news = news;
  }

  get userId(): string {
    return this.#device.userId;
  }

  /** A hold begins: attendance is counted anew. */
  hold(): void {
    this.#attended = 0;
  }

  /** An event that came for its device by transaction. */
  hand(event: ForwardedToDevice): void {
    if (this.#session?.link instanceof AppserviceLink && event.deviceId === this.#device.deviceId) {
      this.#session.link.hand(event);
    }
  }

  /** Comes, goes and speaks as the scenario says. `now` on the monotonic clock in ms. */
  act(call: CallNow, now: number): void {
    if (this.#ended) return;
    const { changes = {} } = this.#setup.scenario;
    const { present, session, by } = attendanceAt(changes, this.#index, call.sinceHoldMs);
    if (!present || session !== this.#attended) {
      this.#leave(by);
      this.#receiver = undefined;
    }
    this.#attended = session;
    if (present) this.#receiver ??= newReceiver(now);
    const hangup = this.#session?.peer.hangup;
    if (hangup !== undefined) {
      this.#news.failed(`the focus ended a session: ${hangup.code ?? hangup.reason}`);
      this.#joinAgain(now);
    }
    if (present && this.#session === undefined && now >= this.#joinsAgainAt) this.#join();
    this.#speak(call);
  }

  /** What it could not do, or was refused, since it was asked last. */
  #complain({ peer: { seen } }: Session): void {
    for (const message of seen.unreadable.splice(0)) this.#news.trouble(`a participant: ${message}`);
    for (const { code, message } of seen.errors.splice(0)) this.#news.trouble(`the focus says ${code}: ${message}`);
  }

  /** What came since the last look. */
  look(call: CallNow, now: number): PlayerLook {
    const session = this.#session;
    const { subscribes } = this.#part.role;
    // Also without a session: whoever cannot join receives nothing.
    const isReceiver =
      this.#receiver !== undefined && call.othersPublish && (subscribes.audio || subscribes.video.length > 0);
    const report = session?.endpoint.report();
    if (session !== undefined) this.#complain(session);
    const unhappy = this.#judge(isReceiver, session, report?.tracks ?? [], now);
    return {
      isInvited: session?.isJoined === true,
      isConnected: report?.connected === true,
      isReceiver,
      unhappy,
      received: report?.tracks ?? [],
      bytesSent: report?.sent.bytes ?? 0,
    };
  }

  /** Hangs up for good. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#leave('hangup');
    await Promise.all(this.#leaving);
  }

  #judge(
    expects: boolean,
    session: Session | undefined,
    tracks: readonly ReceivedTrack[],
    now: number,
  ): Unhappiness | undefined {
    if (this.#receiver === undefined) return undefined;
    const received = new Map(tracks.map(track => [keyOf(track), track]));
    const wanted = session === undefined ? [] : this.#wanted(session);
    const judged = judgeReceiver(this.#receiver, { expects, wanted, received }, now);
    this.#receiver = judged.state;
    return judged.unhappy;
  }

  /** It has to join once more. The time that it has for its first media begins anew only where it had some. */
  #joinAgain(now: number): void {
    this.#leave('cut');
    this.#joinsAgainAt = now + JOINS_AGAIN_AFTER_MS;
    if (this.#receiver?.firstMediaAt !== undefined) this.#receiver = newReceiver(now);
  }

  #join(): void {
    const { role } = this.#part;
    const { room, focus, homeserver } = this.#setup;
    const link = this.#link();
    let endpoint: ReportingEndpoint | undefined;
    let hasMedia = false;
    const publishes = (['audio', 'video'] as const).filter(kind => role.publishes[kind] !== undefined);
    const grants = new Map<string, Excuse>();
    const peer = new LightPeer({
      baseUrl: homeserver,
      user: this.#device,
      room,
      focus,
      link,
      viewsOnly: publishes.length === 0,
      publishes,
      obeysLayersWanted: true,
      unlisted: !this.#setup.memberEvents,
      namesRoom: true,
      subscribe: metadata => chooseTracks(role.subscribes, this.#device.userId, metadata),
      onGrants: tracks => {
        for (const { grant, ...track } of tracks) {
          if (grant.kind === 'paused') grants.set(keyOf(track), grant.reason);
          else grants.delete(keyOf(track));
        }
      },
      endpoint: events => {
        endpoint = this.#stack.endpoint({
          ...events,
          controlOpen: () => {
            this.#news.joined(performance.now() - peer.invitedAt);
            events.controlOpen();
          },
          packet: (track, count) => {
            if (!hasMedia) this.#news.firstMedia(performance.now() - peer.invitedAt);
            hasMedia = true;
            events.packet(track, count);
          },
        });
        return endpoint;
      },
    });
    if (endpoint === undefined) throw new Error('the peer made no endpoint');
    const session: Session = {
      peer,
      endpoint,
      link,
      isJoined: false,
      muted: false,
      grants,
    };
    this.#session = session;
    peer.join().then(
      () => {
        session.isJoined = true;
      },
      (error: unknown) => {
        if (this.#session !== session) return;
        this.#news.failed(`a join failed: ${error instanceof Error ? error.message : String(error)}`);
        this.#joinAgain(performance.now());
      },
    );
  }

  #link(): SignallingLink {
    const { homeserver, speaking, via, door, focus, room } = this.#setup;
    const { deviceId } = this.#device;
    const own =
      speaking.kind === 'tokens'
        ? new HomeserverLink(homeserver, this.#device)
        : new AppserviceLink(homeserver, speaking.asToken, this.#device, type =>
            this.#news.trouble(`the homeserver left ${type} out of its transactions; it was fetched by /sync`),
          );
    if (via === 'to-device' || door === undefined) return own;
    return new FocusLine({
      door,
      focusUserId: focus.userId,
      ...room,
      deviceId,
      openIdToken: () => own.openIdToken(),
      sendState: (...state) => own.sendState(...state),
    });
  }

  #speak({ roleMembers, sinceHoldMs }: CallNow): void {
    const session = this.#session;
    const { audio } = this.#part.role.publishes;
    if (session === undefined || audio === undefined || !session.isJoined) return;
    const muted = !speaksAt(audio, this.#part.place, roleMembers, sinceHoldMs);
    if (muted === session.muted) return;
    session.muted = muted;
    session.peer.setMuted('audio', muted);
  }

  #wanted({ peer, grants }: Session): Wanted[] {
    return peer.askedFor().flatMap(({ streamId, trackId, width }): Wanted[] => {
      const stream = peer.metadata[streamId];
      // Its publisher has left since.
      if (stream === undefined) return [];
      const key = keyOf({ streamId, trackId });
      const kind = width === undefined ? 'audio' : 'video';
      const muted = kind === 'audio' ? stream.audio_muted : stream.video_muted;
      return [{ key, kind, excuse: muted === true ? 'muted' : grants.get(key) }];
    });
  }

  #leave(by: 'hangup' | 'cut'): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const { peer } = session;
    const left = (by === 'hangup' && session.isJoined ? peer.leave() : peer.vanish())
      // The homeserver, or the WebSocket, may be gone: it goes without a word then.
      .catch(() => peer.vanish())
      .catch(() => undefined)
      .finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}
