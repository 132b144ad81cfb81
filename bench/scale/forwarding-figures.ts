/** What a forwarded packet costs: which rounds count, what they come to, and the bounds. Pure. */
import { type Spread, spreadOf } from './figures.ts';

/** What one side did in a round. */
export interface SideRound {
  /** Packets that its receivers should have had, and had. */
  expected: number;
  delivered: number;
  tookMs: number;
  /** CPU time of its worker and its Node, ns. */
  workerNs: number;
  nodeNs: number;
}

export interface FloorFigures {
  sent: number;
  delivered: number;
  cpuNs: number;
}

/** In turn, with the same load. */
export interface ForwardingRound {
  focus: SideRound;
  bare: SideRound;
  floor: FloorFigures;
  /** With UDP_SEGMENT. */
  gso: FloorFigures;
}

export interface ForwardingCase {
  receivers: number;
  kind: 'audio' | 'video';
  /** Packets that leave together, in words. */
  burst: string;
}

/** µs of CPU for each packet that a receiver got. */
export interface ForwardingFigures extends ForwardingCase {
  deliveredPerS: number;
  worker: Spread;
  node: Spread;
  /** Worker and Node of mediasoup alone, together. */
  bare: Spread;
  floor: Spread;
  gso: Spread;
  /** That count, and that do not. */
  rounds: number;
  void: number;
}

/** Share by which the two sides may differ, and by which a round may miss packets. */
const ALIKE = 0.02;

/** Why a round does not count; undefined where it does. */
export function voidReason({ focus, bare, floor, gso }: ForwardingRound): string | undefined {
  for (const [name, { expected, delivered }] of [
    ['the focus', focus],
    ['mediasoup alone', bare],
    ['the floor', { expected: floor.sent, delivered: floor.delivered }],
    ['the floor with GSO', { expected: gso.sent, delivered: gso.delivered }],
  ] as const) {
    if (!isAlike(delivered, expected)) return `${name} delivered ${delivered} of ${expected} packets`;
  }
  const [ours, theirs] = [perSecond(focus), perSecond(bare)];
  if (isAlike(ours, theirs)) return undefined;
  return `${Math.round(ours)} packets/s by the focus, ${Math.round(theirs)} by mediasoup alone`;
}

/** Undefined where no round counts. */
export function figuresOf(which: ForwardingCase, rounds: readonly ForwardingRound[]): ForwardingFigures | undefined {
  const counted = rounds.filter(round => voidReason(round) === undefined);
  const spread = (us: (round: ForwardingRound) => number): Spread | undefined => spreadOf(counted.map(us));
  const worker = spread(({ focus }) => focus.workerNs / focus.delivered / 1_000);
  const node = spread(({ focus }) => focus.nodeNs / focus.delivered / 1_000);
  const bare = spread(({ bare: alone }) => (alone.workerNs + alone.nodeNs) / alone.delivered / 1_000);
  const floor = spread(({ floor: each }) => each.cpuNs / each.sent / 1_000);
  const gso = spread(({ gso: each }) => each.cpuNs / each.sent / 1_000);
  const rate = spreadOf(
    counted.map(({ focus }) => perSecond(focus)),
    0,
  );
  if (!worker || !node || !bare || !floor || !gso || !rate) return undefined;
  const voided = rounds.length - counted.length;
  return { ...which, deliveredPerS: rate.median, worker, node, bare, floor, gso, rounds: counted.length, void: voided };
}

const WORKER_AND_NODE_TO_BARE = 1.25;
/** Receivers of whom that is asked. */
const JUDGED_RECEIVERS = 200;
const NODE_TO_WORKER = 0.1;

/** Bounds that were missed, in words. */
export function judgeForwarding(all: readonly ForwardingFigures[], leastRounds: number): string[] {
  return all.flatMap(({ receivers, kind, burst, worker, node, bare, rounds, void: voided }) => {
    const name = `forwarding of ${kind} to ${receivers} in bursts of ${burst}`;
    const missed: string[] = [];
    if (rounds < leastRounds) missed.push(`${name}: only ${rounds} of ${rounds + voided} rounds count`);
    const most = bare.median * WORKER_AND_NODE_TO_BARE;
    const sum = worker.median + node.median;
    if (receivers === JUDGED_RECEIVERS && sum > most)
      missed.push(`${name}: ${us(sum)} µs a packet, and at most ${us(most)} (1.25 × mediasoup alone) may it be`);
    if (node.median >= worker.median * NODE_TO_WORKER)
      missed.push(
        `${name}: Node takes ${us(node.median)} µs a packet, and has to be under 10 % of the worker's ${us(worker.median)}`,
      );
    return missed;
  });
}

/** As it stands in the last line of stdout. */
export function writeForwarding(one: ForwardingFigures): Record<string, unknown> {
  const { receivers, kind, burst, deliveredPerS, worker, node, bare, floor, gso } = one;
  return {
    receivers,
    kind,
    burst,
    delivered_per_s: deliveredPerS,
    worker_us: worker.median,
    node_us: node.median,
    bare_us: bare.median,
    floor_us: floor.median,
    floor_gso_us: gso.median,
    rounds: one.rounds,
    void_rounds: one.void,
    min_max_us: Object.fromEntries(
      Object.entries({ worker, node, bare, floor, floor_gso: gso }).map(([name, { min, max }]) => [name, [min, max]]),
    ),
  };
}

function isAlike(value: number, expected: number): boolean {
  return expected > 0 && Math.abs(value / expected - 1) <= ALIKE;
}

function perSecond({ delivered, tookMs }: SideRound): number {
  return (delivered / tookMs) * 1_000;
}

function us(value: number): string {
  return value.toFixed(1);
}
