/** What a run says to those who play a share of its participants, and hears of them: between processes, and between testers. */
import type { CallRoom, FocusDevice, MatrixDevice } from '../../peers/call-place.ts';
import type { FocusDoor } from '../../peers/focus-line.ts';
import type { Unhappiness } from '../result.ts';
import type { Scenario } from '../scenario/schema.ts';

/** How participants reach the focus. */
export const VIAS = ['to-device', 'ws'] as const;
export type Via = (typeof VIAS)[number];

/** The WebRTC stack of the peers. */
export const ENDPOINTS = ['native', 'datachannel'] as const;
export type EndpointKind = (typeof ENDPOINTS)[number];

/** How participants speak to their homeserver: each with a token and a sync loop of its own, or as users of one appservice. */
export type Speaking = { kind: 'tokens' } | { kind: 'appservice'; asToken: string };

/** What is the same for all participants of a run. */
export interface ShareSetup {
  scenario: Scenario;
  homeserver: string;
  focus: FocusDevice;
  room: CallRoom;
  via: Via;
  /** Where `via` is `ws`. */
  door?: FocusDoor;
  speaking: Speaking;
  /** Each writes its member event (MSC3401) when it joins, as clients do. */
  memberEvents: boolean;
  endpoint: EndpointKind;
  /** Address that the peers' sockets are bound to. */
  bindAddress: string;
}

/** A participant by its number in the scenario. */
export interface Participant {
  index: number;
  device: MatrixDevice;
}

/** A to-device event that an appservice was sent for a user. */
export interface ForwardedToDevice {
  userId: string;
  deviceId: string;
  type: string;
  sender: string;
  content: unknown;
}

export type ShareCommand =
  | { kind: 'start'; setup: ShareSetup }
  | { kind: 'join'; participants: Participant[] }
  /** So many are in the call by plan, all testers together. */
  | { kind: 'wanted'; participants: number }
  /** The number is held from now on: the scenario's changes begin. */
  | { kind: 'hold' }
  | { kind: 'to-device'; events: ForwardedToDevice[] }
  /** All hang up, and the share ends. */
  | { kind: 'stop' };

/** A second of a share. Shares add up: see merge.ts. */
export interface ShareSample {
  invited: number;
  connected: number;
  /** So far. */
  failed: number;
  receivers: number;
  unhappy: Record<Unhappiness, number>;
  /** Of this second. */
  bytesIn: number;
  bytesOut: number;
  packetsIn: number;
  packetsLost: number;
  freezes: number;
  /** Received videos by frames/s and by height in px. */
  framesPerSecond: Record<string, number>;
  layers: Record<string, number>;
  /** ms; of joins that came to their end in this second. */
  joinMs: number[];
  firstMediaMs: number[];
  /** Of one core. */
  cpuPct: number;
  busiestThreadPct: number;
  loopLagMs: number;
  /** Packets that the system dropped. */
  dropped: number;
  /** Busy time of all cores of the busiest machine, and the tester's share of it; both 0 to 100. */
  machinePct: number;
  machineSharePct: number;
}

export type ShareReport =
  | { kind: 'sample'; sample: ShareSample }
  /** What went wrong, in words; the share goes on. */
  | { kind: 'trouble'; message: string };

/** Those who play a share: a process of this machine, all of them, or another tester. */
export interface Share {
  say(command: ShareCommand): void;
  /** What was counted since the last time it was taken. */
  take(): ShareSample;
  /** Why participants of it are gone that nobody sent away: the run says nothing then. */
  readonly lost: string | undefined;
  /** Resolves when all have hung up, or the time for that is over. */
  stop(): Promise<void>;
}
