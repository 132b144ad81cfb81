/** What the bench of scale measures, as it stands in its JSON. Times in ms since a part began, memory in bytes. */
import type { RunResult } from '../../tester/result.ts';

/** Of several measurements of the same thing. */
export interface Range {
  median: number;
  min: number;
  max: number;
}

/** CPU time for each packet that is sent on to a receiver, µs; undefined where it was not measured. */
export interface Forwarding {
  /** Of each packet that came in. */
  receivers: number;
  kind: 'audio' | 'video';
  /** The focus's media worker, and its Node process. */
  worker: Range | undefined;
  node: Range | undefined;
  /** The same worker under mediasoup alone, without the focus. */
  bare: Range | undefined;
  /** What the system takes to send such packets at all: encrypted, and nothing else. */
  floor: Range | undefined;
}

/** What one more join takes of the focus's CPU while so many are in the call. */
export interface JoinCost {
  participants: number;
  cpuMs: number[];
}

export interface SoakSample {
  atMs: number;
  nodeRss: number;
  workerRss: number;
}

export interface Soak {
  /** What went on all the time: "20 participants, each leaves and joins again every 10 s". */
  description: string;
  samples: SoakSample[];
  /** Times whose means are compared. */
  judged: { first: { fromMs: number; toMs: number }; last: { fromMs: number; toMs: number } };
  /** Growth between them that is allowed, 0 to 100. */
  mostGrowthPct: number;
  /** By kind (sockets, timers, transports, …), with nobody in the call before and after. */
  before: Record<string, number>;
  after: Record<string, number>;
}

export interface ScaleResult {
  schema: 1;
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  machine: RunResult['machine'];
  /** Empty, or undefined: that part was not asked for. */
  forwarding: Forwarding[];
  /** One run of the load tester for each scenario. */
  capacity: RunResult[];
  joinCost: JoinCost[];
  soak: Soak | undefined;
  /** What missed its bound or could not be measured, in words. */
  failures: string[];
}
