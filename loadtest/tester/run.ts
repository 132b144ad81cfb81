/** Runs a scenario against a focus, and says what it found. */
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Canary } from './canary.ts';
import { messageOf, TesterFailure } from './failure.ts';
import { MetricsMeter } from './measure/metrics-meter.ts';
import { type MeasuredAt, type PartMeter, ProcessMeter } from './measure/process-meter.ts';
import type { LoadTestOptions } from './options.ts';
import type { Capacity, HeldStep, RunResult, Sample } from './result.ts';
import { capacityOf, limitOf, testerLimit } from './rules/limit.ts';
import { phaseOf, type RampEffect, startRamp, turnRamp } from './rules/ramp.ts';
import { mostParticipants, publishersAmong } from './scenario/cast.ts';
import { spreadOfValues } from './share/merge.ts';
import { type SetStage, setStage } from './stage.ts';
import { sampleOf, Troubles } from './summary.ts';
import { thisMachine } from './machine.ts';

export type { LoadTestOptions } from './options.ts';

const TICK_MS = 100;
const SAMPLE_MS = 1_000;

/**
 * Joins participants, holds them, judges what they receive, and lets all of them hang up. Rejects with a TesterFailure where the run
 * cannot be made, and with the signal's reason where that aborts; nothing of it is left then.
 */
export async function runLoadTest(options: LoadTestOptions): Promise<RunResult> {
  const { scenario, ramp, signal } = options;
  const most = ramp.steps.at(-1) ?? 0;
  if (most > mostParticipants(scenario)) {
    throw new TesterFailure(
      `The scenario ${scenario.name} has ${mostParticipants(scenario)} participants at most.`,
      'Take fewer --participants, or give one of its roles no count.',
    );
  }
  const startedAt = new Date();
  const troubles = new Troubles();
  await using stack = new AsyncDisposableStack();
  const stage = await setStage(options, stack, message => troubles.add(message));
  signal.throwIfAborted();
  const run = new Run(options, stage, troubles);
  stack.defer(() => run.close());
  await run.play();
  const result = run.result();
  const { homeserver, focus } = options;
  return {
    schema: 1,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    scenario: {
      name: scenario.name,
      description: scenario.description,
      publishers: publishersAmong(scenario, most),
      most,
    },
    target: { homeserver, focusUser: focus.userId, focusDevice: focus.deviceId },
    machine: thisMachine(),
    testers: stage.testers,
    ...result,
  };
}

/** The time from the first join to the last look. */
class Run {
  readonly #options: LoadTestOptions;
  readonly #stage: SetStage;
  readonly #troubles: Troubles;
  readonly #focus: PartMeter | undefined;
  readonly #homeserver: PartMeter | undefined;
  readonly #began = performance.now();
  readonly #samples: Sample[] = [];
  readonly #steps: HeldStep[] = [];
  readonly #joinMs: number[] = [];
  readonly #firstMediaMs: number[] = [];
  #wanted = 0;
  #isOver = false;
  #lost: string | undefined;
  #canaryJoins: Promise<void> | undefined;

  constructor(options: LoadTestOptions, stage: SetStage, troubles: Troubles) {
    this.#options = options;
    this.#stage = stage;
    this.#troubles = troubles;
    this.#focus = meterOf(options.measured.focus);
    this.#homeserver = meterOf(options.measured.homeserver);
  }

  async play(): Promise<void> {
    const { ramp, signal } = this.#options;
    let state = startRamp(0);
    let sampledAt = this.#now();
    while (!this.#isOver) {
      await delay(TICK_MS, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
      const now = this.#now();
      let turn = turnRamp(ramp, state, { kind: 'time' }, now);
      for (const effect of turn.effects) this.#do(effect);
      state = turn.state;
      if (now - sampledAt < SAMPLE_MS) continue;
      const sample = this.#sample(now, now - sampledAt);
      this.#options.onSample?.(sample, phaseOf(ramp, state, now));
      sampledAt = now;
      turn = turnRamp(
        ramp,
        state,
        { kind: 'sample', sample, busy: testerLimit(sample.tester, this.#partsPct(sample)) },
        now,
      );
      for (const effect of turn.effects) this.#do(effect);
      state = turn.state;
      this.#lost = this.#stage.share.lost;
      if (this.#lost !== undefined) this.#isOver = true;
    }
    await this.#canaryJoins;
    await this.#lookAtCanary();
  }

  result(): Pick<
    RunResult,
    'samples' | 'steps' | 'capacity' | 'joinMs' | 'firstMediaMs' | 'canary' | 'notes' | 'failures'
  > {
    const canary = this.#stage.canary?.result();
    return {
      samples: this.#samples,
      steps: this.#steps,
      capacity: this.#capacity(),
      joinMs: spreadOfValues(this.#joinMs),
      firstMediaMs: spreadOfValues(this.#firstMediaMs),
      canary,
      notes: this.#notes(),
      failures: [...(canary?.isHappy === false ? ['the canary is unhappy'] : []), ...this.#troubles.list()],
    };
  }

  close(): void {
    this.#focus?.close();
    this.#homeserver?.close();
  }

  #now(): number {
    return performance.now() - this.#began;
  }

  #do(effect: RampEffect): void {
    const { share, devices, canary } = this.#stage;
    switch (effect.kind) {
      case 'want': {
        const participants = devices
          .slice(this.#wanted, effect.participants)
          .map((device, index) => ({ index: this.#wanted + index, device }));
        if (participants.length === 0) return;
        this.#wanted = effect.participants;
        share.say({ kind: 'wanted', participants: this.#wanted });
        share.say({ kind: 'join', participants });
        // It joins with the first, and so sees what all of them see.
        if (canary !== undefined) this.#canaryJoins ??= this.#joinCanary(canary);
        break;
      }
      case 'hold':
        share.say({ kind: 'hold' });
        break;
      case 'step':
        this.#steps.push(effect.step);
        break;
      case 'end':
        this.#isOver = true;
        break;
    }
  }

  #joinCanary(canary: Canary): Promise<void> {
    return canary.join().catch((error: unknown) => this.#troubles.add(`the canary did not join: ${messageOf(error)}`));
  }

  #sample(atMs: number, tookMs: number): Sample {
    const share = this.#stage.share.take();
    this.#joinMs.push(...share.joinMs);
    this.#firstMediaMs.push(...share.firstMediaMs);
    const sample = sampleOf(share, {
      atMs: Math.round(atMs),
      tookMs,
      wanted: this.#wanted,
      focus: this.#focus?.take(),
      homeserver: this.#homeserver?.take(),
    });
    this.#samples.push(sample);
    this.#lookAtCanary().catch((error: unknown) => this.#troubles.add(`the canary: ${messageOf(error)}`));
    return sample;
  }

  async #lookAtCanary(): Promise<void> {
    await this.#stage.canary?.look();
  }

  /** Of the busy time of this machine, what went to the parts that run here, 0 to 100. */
  #partsPct({ focus, homeserver, tester }: Sample): number {
    const { measured } = this.#options;
    const spent =
      (measured.focus?.kind === 'pid' ? (focus?.cpuPct ?? 0) : 0) +
      (measured.homeserver?.kind === 'pid' ? (homeserver?.cpuPct ?? 0) : 0);
    const busy = (tester.machinePct ?? 0) * availableParallelism();
    return busy === 0 ? 0 : (spent * 100) / busy;
  }

  #capacity(): Capacity | undefined {
    if (this.#lost !== undefined) return { kind: 'void', limit: 'tester', reason: this.#lost };
    return capacityOf(this.#steps, this.#samples);
  }

  #notes(): string[] {
    const notes: string[] = [];
    for (const { outcome, participants, reason, fromMs, toMs } of this.#steps) {
      if (outcome === 'held') continue;
      notes.push(`${participants} participants: ${reason ?? outcome}`);
      if (outcome !== 'failed') continue;
      const during = this.#samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
      notes.push(`the limit: ${limitOf(during).reason}`);
    }
    if (this.#options.canary === false) notes.push('no canary: nobody decoded what was received');
    return notes;
  }
}

function meterOf(at: MeasuredAt | undefined): PartMeter | undefined {
  switch (at?.kind) {
    case undefined:
      return undefined;
    case 'pid':
      return new ProcessMeter(at.pid);
    case 'metrics':
      return new MetricsMeter(at.url);
  }
}
