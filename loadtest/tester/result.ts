/** What a run of the load tester finds, as it stands in its JSON. Times in ms since the run began, rates in bit/s. */

/** Why a receiver counts as unhappy. */
export const UNHAPPINESS = ['no_first_media', 'audio_loss', 'video_gap', 'no_layer'] as const;
export type Unhappiness = (typeof UNHAPPINESS)[number];

/** Whose limit ended a run. */
export type Limit = 'worker' | 'node' | 'homeserver' | 'tester';

export interface Spread {
  count: number;
  median: number;
  p95: number;
  max: number;
}

/** One second of a run, all testers together. */
export interface Sample {
  atMs: number;
  /** Participants that should be in the call. */
  wanted: number;
  /** Participants that have sent their invite, and those of them with media. */
  invited: number;
  connected: number;
  /** Joins that failed, and sessions that the focus ended, so far. */
  failed: number;
  /** Participants that are to receive something, and those of them that are unhappy now. */
  receivers: number;
  unhappy: Record<Unhappiness, number>;
  /** Received by all peers, and sent by them. */
  bitrateIn: number;
  bitrateOut: number;
  packetsIn: number;
  /** Of what was due in this second, after retransmission, 0 to 100. */
  lostPct: number;
  /** Receivers with a gap of video over 1 s. */
  freezes: number;
  /** Median over received videos. */
  framesPerSecond: number | undefined;
  /** Received videos by their height in px. */
  layers: Record<string, number>;
  /** Of joins that came to their end in this second. */
  joinMs: Spread | undefined;
  firstMediaMs: Spread | undefined;
  focus: ProcessSample | undefined;
  homeserver: ProcessSample | undefined;
  tester: TesterSample;
}

/** Of a process, or of several together. */
export interface ProcessSample {
  /** Of one core, 0 to 100 and more. */
  cpuPct: number;
  /** Of Node alone, and of the busiest media worker, where it is known. */
  nodePct?: number;
  workerPct?: number;
  rssBytes: number;
  loopLagMs?: number;
}

/** How busy the tester itself is. */
export interface TesterSample {
  /** Of one core. */
  cpuPct: number;
  /** Of the busiest thread, of one core. */
  busiestThreadPct: number;
  /** Of the event loop, p99. */
  loopLagMs: number;
  /** Packets that the system dropped before the tester read them. */
  dropped: number;
  /** Busy time of all cores of its busiest machine, 0 to 100, and the tester's share of that busy time, 0 to 100. */
  machinePct?: number;
  machineSharePct?: number;
}

/** A time with the same number of participants. */
export interface HeldStep {
  fromMs: number;
  toMs: number;
  participants: number;
  /** The largest share of unhappy receivers in it, 0 to 100. */
  unhappyPct: number;
  outcome: 'held' | 'failed' | 'void';
  /** Why it failed, or says nothing. */
  reason?: string;
}

/** The largest step that was held, and the next, that was not. */
export type Capacity =
  | { kind: 'found'; held: number; failedAt: number; limit: Limit }
  /** Nothing failed up to the end of the ramp. */
  | { kind: 'at-least'; held: number }
  /** The run says nothing about the focus. */
  | { kind: 'void'; limit: Limit; reason: string };

export interface RunResult {
  schema: 1;
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  scenario: { name: string; description: string; publishers: number; most: number };
  target: { homeserver: string; focusUser: string; focusDevice: string };
  machine: { cpu: string; cores: number; memoryBytes: number; system: string; node: string };
  testers: number;
  samples: Sample[];
  steps: HeldStep[];
  capacity: Capacity | undefined;
  joinMs: Spread | undefined;
  firstMediaMs: Spread | undefined;
  /** A real browser in the call. */
  canary: { framesDecoded: number; freezes: number; concealedPct: number; isHappy: boolean } | undefined;
  /** What was found of the steps, and what was not looked at, in words. */
  notes: string[];
  /** What went wrong, in words. */
  failures: string[];
}
