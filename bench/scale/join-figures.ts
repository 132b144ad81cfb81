/** What a join costs, and how fast media comes. Pure. */
import { median, percentile } from '../../demo/check/statistics.ts';
import { type Point, slopeOf } from './figures.ts';

/** CPU, ms. */
export interface PairMs {
  node: number;
  worker: number;
}

/** CPU in two windows of one length: one with a join in it, and one without, beside it. */
export interface JoinWindow {
  join: PairMs;
  calm: PairMs;
}

export interface JoinCost {
  participants: number;
  /** Of each join, Node and worker together, ms. */
  eachMs: number[];
  /** Medians of what a window with a join takes beyond the calm one beside it: Node and worker together, and each, ms. */
  cpuMs: number;
  nodeMs: number;
  workerMs: number;
}

/** Memory with so many participants, bytes: Node and worker together. */
export interface Resident {
  participants: number;
  bytes: number;
}

export interface Joins {
  costs: JoinCost[];
  /** Joins a second that were asked for by WebSocket, one after the other, and came to their end. */
  perS: number;
  /** From the first request, for a token, to the first packet. */
  firstMediaMs: number[];
  resident: Resident[];
  /** p99 in ms of the focus's event loop, with all participants in the call. */
  loopLagMs: number | undefined;
}

/** Undefined where nothing was measured. */
export function costOf(participants: number, windows: readonly JoinWindow[]): JoinCost | undefined {
  const middle = (of: (figures: PairMs) => number): number | undefined =>
    median(windows.map(({ join, calm }) => of(join) - of(calm)));
  const [cpuMs, nodeMs, workerMs] = [middle(of => of.node + of.worker), middle(of => of.node), middle(of => of.worker)];
  if (cpuMs === undefined || nodeMs === undefined || workerMs === undefined) return undefined;
  const eachMs = windows.map(({ join, calm }) => join.node + join.worker - calm.node - calm.worker);
  return { participants, eachMs, cpuMs, nodeMs, workerMs };
}

const DEARER_BY = 1.5;

/** Bounds that were missed: a join into the largest call costs about what one into the smallest does. */
export function judgeJoins({ costs, firstMediaMs }: Joins): string[] {
  const missed: string[] = [];
  const [few, many] = [costs.at(0), costs.at(-1)];
  if (few === undefined || many === undefined || few === many) missed.push('join.cpu_ms was not measured');
  else if (many.cpuMs > few.cpuMs * DEARER_BY) {
    missed.push(
      `a join costs ${many.cpuMs.toFixed(1)} ms of CPU with ${many.participants} participants, and at most ` +
        `${(few.cpuMs * DEARER_BY).toFixed(1)} (1.5 × that with ${few.participants}) may it be`,
    );
  }
  if (firstMediaMs.length === 0) missed.push('join.first_media_ms was not measured');
  return missed;
}

/** Bytes that each more participant takes: slope over all numbers of them. */
export function residentPerParticipant(resident: readonly Resident[]): number | undefined {
  return slopeOf(resident.map(({ participants, bytes }): Point => ({ x: participants, y: bytes })));
}

/** As it stands in the last line of stdout. */
export function writeJoins({ costs, perS, firstMediaMs }: Joins): Record<string, unknown> {
  return {
    per_s: Number(perS.toFixed(2)),
    first_media_ms: rounded(median(firstMediaMs)),
    first_media_p95_ms: rounded(percentile(firstMediaMs, 0.95)),
    cost: costs.map(({ participants, eachMs, cpuMs, nodeMs, workerMs }) => ({
      participants,
      joins: eachMs.length,
      cpu_ms: Number(cpuMs.toFixed(2)),
      node_ms: Number(nodeMs.toFixed(2)),
      worker_ms: Number(workerMs.toFixed(2)),
    })),
  };
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}
