/** What a run found, in sentences for those who do not read plots. Pure. */
import { writeCount, writePercent } from '../quantity.ts';
import { samplesIn, unhappyPct } from './figures.ts';
import { limitOf } from './rules/limit.ts';
import { type Capacity, type HeldStep, type Limit, type RunResult, UNHAPPINESS, type Unhappiness } from './result.ts';

export interface Verdict {
  /** `void`: the run says nothing about the focus. `unknown`: it was not to find a capacity. */
  kind: 'found' | 'at-least' | 'void' | 'unknown';
  /** "Held 240 participants." */
  headline: string;
  /** "At 280, 1.4 % got no picture. The media worker was the limit." */
  details: string;
}

const PARTS: Record<Limit, string> = {
  worker: 'the media worker',
  node: 'signalling, the Node process of the focus,',
  homeserver: 'the homeserver',
  tester: 'the load tester, or its machine,',
};

/** In two or three words, for legends. */
export const REASONS: Record<Unhappiness, string> = {
  no_first_media: 'no first media',
  audio_loss: 'audio lost',
  video_gap: 'video stands still',
  no_layer: 'no layer',
};

export function verdictOf(result: RunResult): Verdict {
  const { capacity } = result;
  switch (capacity?.kind) {
    case undefined:
      return { kind: 'unknown', ...withoutCapacity(result) };
    case 'void':
      return {
        kind: 'void',
        headline: 'This run says nothing about the focus.',
        details: `${sentence(capacity.reason)} ${isTheLimit(capacity.limit)}`,
      };
    case 'at-least':
      return {
        kind: 'at-least',
        headline: `Held ${people(capacity.held)}.`,
        details: 'Nothing failed up to the end of the ramp: the focus may hold more.',
      };
    case 'found':
      return {
        kind: 'found',
        headline: capacity.held === 0 ? 'Held nobody.' : `Held ${people(capacity.held)}.`,
        details: `${whatFailed(result, capacity.failedAt)} ${whoseLimit(result, capacity)}`,
      };
  }
}

/** The step that ended a run, if one did. */
export function stepThatFailed({ steps }: RunResult): HeldStep | undefined {
  return steps.find(({ outcome }) => outcome !== 'held');
}

function withoutCapacity({ steps }: RunResult): Pick<Verdict, 'headline' | 'details'> {
  const most = Math.max(0, ...steps.map(({ participants }) => participants));
  if (steps.length === 0) return { headline: 'The run ended before anything was held.', details: '' };
  return { headline: `${people(most)} were in the call.`, details: 'The run was not to find a capacity.' };
}

function people(count: number): string {
  return count === 1 ? '1 participant' : `${writeCount(count)} participants`;
}

function whatFailed(result: RunResult, failedAt: number): string {
  const at = `At ${writeCount(failedAt)}`;
  const step = failedStep(result, failedAt);
  if (step === undefined) return `${at} participants it failed.`;
  const reason = mainReason(result, step);
  if (reason === undefined) return step.reason === undefined ? `${at} it failed.` : `${at}: ${sentence(step.reason)}`;
  return `${at}, ${writePercent(step.unhappyPct)} ${inWords(reason, hasVideo(result))}.`;
}

/** A part that was only inferred from what failed is not called the limit. */
function whoseLimit(result: RunResult, { failedAt, limit }: Extract<Capacity, { kind: 'found' }>): string {
  const step = failedStep(result, failedAt);
  if (step === undefined || limitOf(samplesIn(result.samples, step)).isSeen) return isTheLimit(limit);
  return `No part was seen at its limit; what failed points at ${PARTS[limit].replace(/,$/, '')}.`;
}

function isTheLimit(limit: Limit): string {
  return sentence(`${PARTS[limit]} was the limit`);
}

function failedStep({ steps }: RunResult, failedAt: number): HeldStep | undefined {
  return steps.find(({ participants, outcome }) => participants === failedAt && outcome !== 'held');
}

/** Of most who were unhappy in the worst second of a step; undefined where nobody was. */
export function mainReason({ samples }: RunResult, step: HeldStep): Unhappiness | undefined {
  const [worst] = samplesIn(samples, step).toSorted((a, b) => unhappyPct(b) - unhappyPct(a));
  if (worst === undefined || unhappyPct(worst) === 0) return undefined;
  return UNHAPPINESS.toSorted((a, b) => worst.unhappy[b] - worst.unhappy[a])[0];
}

/** "got no picture": what an unhappy participant would complain of. */
export function inWords(reason: Unhappiness, withVideo: boolean): string {
  switch (reason) {
    case 'no_first_media':
      return withVideo ? 'got no picture' : 'heard nothing';
    case 'audio_loss':
      return 'heard gaps in the sound';
    case 'video_gap':
      return 'saw pictures stand still';
    case 'no_layer':
      return 'saw pictures smaller than they asked for';
  }
}

export function hasVideo({ samples }: RunResult): boolean {
  return samples.some(({ layers }) => Object.values(layers).some(count => count > 0));
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.slice(0, 1).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
