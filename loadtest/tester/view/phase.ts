/** What a run does now, and what comes next. Pure. */
import { writeCount, writeDuration } from '../../quantity.ts';

/** Times in ms from now. */
export type Phase =
  | { kind: 'starting'; what: string }
  /** Participants join one after the other. */
  | { kind: 'growing'; towards: number }
  /** All have been asked in, and not all have media. */
  | { kind: 'settling'; participants: number; atMostMs: number }
  /** `next`: participants of the step after this one; undefined where this is the last. */
  | { kind: 'holding'; participants: number; leftMs: number; next: number | undefined }
  | { kind: 'ending' };

/** "hold 240: 18 s more, then ramp to 280" */
export function describePhase(phase: Phase): string {
  switch (phase.kind) {
    case 'starting':
      return `start: ${phase.what}`;
    case 'growing':
      return `ramp to ${writeCount(phase.towards)}, then hold`;
    case 'settling':
      return `wait until all ${writeCount(phase.participants)} have media, ${inSeconds(phase.atMostMs)} at most, then hold`;
    case 'holding': {
      const next = phase.next === undefined ? 'end' : `ramp to ${writeCount(phase.next)}`;
      return `hold ${writeCount(phase.participants)}: ${inSeconds(phase.leftMs)} more, then ${next}`;
    }
    case 'ending':
      return 'end: all leave';
  }
}

/** Whether both are the same part of a run: a line that tells of a new one is worth its place. */
export function isSamePhase(a: Phase | undefined, b: Phase): boolean {
  if (a?.kind !== b.kind) return false;
  return targetOf(a) === targetOf(b);
}

function targetOf(phase: Phase): number | undefined {
  switch (phase.kind) {
    case 'growing':
      return phase.towards;
    case 'settling':
    case 'holding':
      return phase.participants;
    case 'starting':
    case 'ending':
      return undefined;
  }
}

function inSeconds(ms: number): string {
  return writeDuration(1_000 * Math.max(0, Math.ceil(ms / 1_000)));
}
