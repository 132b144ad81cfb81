/** The participants of one process, and their sums of each second. */
import type { ReceivedTrack } from '../../peers/received-media.ts';
import type { PeerStack } from '../../peers/reporting-endpoint.ts';
import { partOf } from '../scenario/cast.ts';
import type { ForwardedToDevice, Participant, ShareSample, ShareSetup } from './messages.ts';
import { emptySample } from './merge.ts';
import { type CallNow, Player, type PlayerLook } from './player.ts';

/** From which on a gap of video counts as a freeze, in ms. */
const FREEZE_MS = 1_000;

interface Own {
  player: Player;
  roleName: string;
  index: number;
}

export class Players {
  readonly #setup: ShareSetup;
  readonly #stack: PeerStack;
  readonly #tell: (trouble: string) => void;
  readonly #own: Own[] = [];
  readonly #byUser = new Map<string, Player>();
  readonly #roleMembers = new Map<string, number>();
  #publishers = 0;
  #counted = 0;
  #heldSince: number | undefined;
  #failed = 0;
  #joinMs: number[] = [];
  #firstMediaMs: number[] = [];

  constructor(setup: ShareSetup, stack: PeerStack, tell: (trouble: string) => void) {
    this.#setup = setup;
    this.#stack = stack;
    this.#tell = tell;
  }

  add(participant: Participant): void {
    const part = partOf(this.#setup.scenario, participant.index);
    if (part === undefined) {
      this.#tell(`the scenario has no role for participant ${participant.index}`);
      return;
    }
    const player = new Player(this.#setup, participant, part, this.#stack, {
      joined: ms => this.#joinMs.push(ms),
      firstMedia: ms => this.#firstMediaMs.push(ms),
      trouble: message => this.#tell(message),
      failed: message => {
        this.#failed += 1;
        this.#tell(message);
      },
    });
    this.#own.push({ player, roleName: part.role.name, index: participant.index });
    this.#byUser.set(player.userId, player);
  }

  /** So many are in the call by plan, all shares together. */
  want(participants: number): void {
    for (; this.#counted < participants; this.#counted += 1) {
      const role = partOf(this.#setup.scenario, this.#counted)?.role;
      if (role === undefined) continue;
      this.#roleMembers.set(role.name, (this.#roleMembers.get(role.name) ?? 0) + 1);
      if (role.publishes.audio !== undefined || role.publishes.video !== undefined) this.#publishers += 1;
    }
  }

  hold(now: number): void {
    this.#heldSince = now;
    for (const { player } of this.#own) player.hold();
  }

  hand(events: readonly ForwardedToDevice[]): void {
    for (const event of events) this.#byUser.get(event.userId)?.hand(event);
  }

  act(now: number): void {
    for (const own of this.#own) own.player.act(this.#callOf(own, now), now);
  }

  /** What happened since the last time; the machine's figures are left at 0. */
  sample(now: number): ShareSample {
    const sample = emptySample();
    for (const own of this.#own) count(sample, own.player.look(this.#callOf(own, now), now));
    sample.failed = this.#failed;
    sample.joinMs = this.#joinMs;
    sample.firstMediaMs = this.#firstMediaMs;
    this.#joinMs = [];
    this.#firstMediaMs = [];
    return sample;
  }

  /** All hang up. */
  async end(): Promise<void> {
    await Promise.all(this.#own.map(({ player }) => player.end()));
  }

  #callOf({ roleName, index }: Own, now: number): CallNow {
    const publishes = partOf(this.#setup.scenario, index)?.role.publishes;
    const isPublisher = publishes?.audio !== undefined || publishes?.video !== undefined;
    return {
      sinceHoldMs: this.#heldSince === undefined ? 0 : now - this.#heldSince,
      roleMembers: this.#roleMembers.get(roleName) ?? 1,
      othersPublish: this.#publishers > (isPublisher ? 1 : 0),
    };
  }
}

function count(sample: ShareSample, look: PlayerLook): void {
  if (look.isInvited) sample.invited += 1;
  if (look.isConnected) sample.connected += 1;
  if (look.isReceiver) sample.receivers += 1;
  if (look.unhappy !== undefined) sample.unhappy[look.unhappy] += 1;
  sample.bytesOut += look.bytesSent;
  let isFrozen = false;
  for (const track of look.received) {
    sample.bytesIn += track.bytes;
    sample.packetsIn += track.packets;
    sample.packetsLost += track.lost;
    if (track.kind === 'audio' || track.packets === 0) continue;
    isFrozen ||= track.longestGapMs > FREEZE_MS;
    countVideo(sample, track);
  }
  if (isFrozen) sample.freezes += 1;
}

function countVideo(sample: ShareSample, { frames, size }: ReceivedTrack): void {
  sample.framesPerSecond[frames] = (sample.framesPerSecond[frames] ?? 0) + 1;
  if (size !== undefined) sample.layers[size.height] = (sample.layers[size.height] ?? 0) + 1;
}
