/** How many participants there should be, and what each number of them showed: (state, input, now) → state and effects. Pure. */
import { unhappyPct } from '../figures.ts';
import type { HeldStep, Sample } from '../result.ts';
import type { Phase } from '../view/phase.ts';

export interface RampPlan {
  /** Numbers of participants, rising. */
  steps: readonly number[];
  joinsPerSecond: number;
  /** Longest time until all of a step have media, in ms; it is held from then on. */
  settleMs: number;
  holdMs: number;
  /** Share of unhappy receivers that ends a step, 0 to 100. */
  mostUnhappyPct: number;
}

export type RampState =
  | { kind: 'growing'; step: number; since: number; from: number }
  | { kind: 'settling'; step: number; since: number }
  | {
      kind: 'holding';
      step: number;
      since: number;
      worstPct: number;
      worst: string;
      looks: number;
      busyLooks: number;
      busy: string;
    }
  | { kind: 'over' };

export type RampInput =
  | { kind: 'time' }
  /** `busy`: why the tester itself was at its limit in this second. */
  | { kind: 'sample'; sample: Sample; busy: string | undefined };

export type RampEffect =
  | { kind: 'want'; participants: number }
  /** The number is reached and held from now on. */
  | { kind: 'hold' }
  | { kind: 'step'; step: HeldStep }
  | { kind: 'end' };

export interface RampTurn {
  state: RampState;
  effects: RampEffect[];
}

/** A step in more of whose looks the tester was at its limit says nothing, 0 to 1. */
const MOST_BUSY = 0.2;
/** A failing step is watched so long, in ms, and shown failing. */
const SHOWN_FAILING_MS = 3_000;

export function startRamp(now: number): RampState {
  return { kind: 'growing', step: 0, since: now, from: 0 };
}

/** Times in ms since the run began. */
export function turnRamp(plan: RampPlan, state: RampState, input: RampInput, now: number): RampTurn {
  switch (state.kind) {
    case 'over':
      return { state, effects: [] };
    case 'growing':
      return grow(plan, state, now);
    case 'settling':
      return settle(plan, state, input, now);
    case 'holding':
      return hold(plan, state, input, now);
  }
}

function targetOf(plan: RampPlan, step: number): number {
  return plan.steps[step] ?? 0;
}

function grow(plan: RampPlan, state: Extract<RampState, { kind: 'growing' }>, now: number): RampTurn {
  const target = targetOf(plan, state.step);
  const grown = state.from + Math.floor(((now - state.since) * plan.joinsPerSecond) / 1_000) + 1;
  const participants = Math.min(target, grown);
  const effects: RampEffect[] = [{ kind: 'want', participants }];
  return participants < target
    ? { state, effects }
    : { state: { kind: 'settling', step: state.step, since: now }, effects };
}

function settle(
  plan: RampPlan,
  state: Extract<RampState, { kind: 'settling' }>,
  input: RampInput,
  now: number,
): RampTurn {
  if (input.kind !== 'sample') return { state, effects: [] };
  const { sample } = input;
  const isSettled = sample.wanted >= targetOf(plan, state.step) && sample.connected >= sample.wanted;
  if (!isSettled && now - state.since < plan.settleMs) return { state, effects: [] };
  return {
    state: { kind: 'holding', step: state.step, since: now, worstPct: 0, worst: '', looks: 0, busyLooks: 0, busy: '' },
    effects: [{ kind: 'hold' }],
  };
}

function hold(plan: RampPlan, state: Extract<RampState, { kind: 'holding' }>, input: RampInput, now: number): RampTurn {
  if (input.kind !== 'sample') return { state, effects: [] };
  const pct = unhappyPct(input.sample);
  const next = {
    ...state,
    looks: state.looks + 1,
    busyLooks: state.busyLooks + (input.busy === undefined ? 0 : 1),
    busy: input.busy ?? state.busy,
    worstPct: Math.max(state.worstPct, pct),
    worst: pct > state.worstPct ? wordsOf(input.sample) : state.worst,
  };
  const isFailing = next.worstPct > plan.mostUnhappyPct;
  const heldMs = now - state.since;
  if (heldMs < (isFailing ? Math.min(SHOWN_FAILING_MS, plan.holdMs) : plan.holdMs)) return { state: next, effects: [] };

  const isVoid = next.busyLooks > next.looks * MOST_BUSY;
  const outcome = isVoid ? 'void' : isFailing ? 'failed' : 'held';
  const reason = isVoid ? next.busy : isFailing ? next.worst : undefined;
  const step: HeldStep = {
    fromMs: state.since,
    toMs: now,
    participants: targetOf(plan, state.step),
    unhappyPct: next.worstPct,
    outcome,
    ...(reason === undefined ? {} : { reason }),
  };
  const isLast = state.step + 1 >= plan.steps.length;
  if (outcome !== 'held' || isLast)
    return { state: { kind: 'over' }, effects: [{ kind: 'step', step }, { kind: 'end' }] };
  return {
    state: { kind: 'growing', step: state.step + 1, since: now, from: targetOf(plan, state.step) },
    effects: [{ kind: 'step', step }],
  };
}

/** What a run does now, for whoever watches. */
export function phaseOf(plan: RampPlan, state: RampState, now: number): Phase {
  switch (state.kind) {
    case 'growing':
      return { kind: 'growing', towards: targetOf(plan, state.step) };
    case 'settling': {
      const atMostMs = Math.max(0, plan.settleMs - (now - state.since));
      return { kind: 'settling', participants: targetOf(plan, state.step), atMostMs };
    }
    case 'holding': {
      const leftMs = Math.max(0, plan.holdMs - (now - state.since));
      return { kind: 'holding', participants: targetOf(plan, state.step), leftMs, next: plan.steps[state.step + 1] };
    }
    case 'over':
      return { kind: 'ending' };
  }
}

const WORDS = {
  no_first_media: 'without first media in 5 s',
  audio_loss: 'lost over 2 % of the audio',
  video_gap: 'had a gap of video over 1 s',
  no_layer: 'got no layer',
} as const;

function wordsOf({ receivers, unhappy }: Sample): string {
  const parts = Object.entries(unhappy)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${WORDS[reason as keyof typeof WORDS]}`);
  return `of ${receivers} receivers ${parts.join(', ')}`;
}
