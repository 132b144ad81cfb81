/** Overload as the configuration wants it, and as operators see it. */
import type { OverloadConfig } from '../../config/config.ts';
import type { OverloadFigures } from '../observe/figures.ts';
import { type Level, videoShareOf } from '../overload/level.ts';
import type { OverloadLimits, OverloadState } from '../overload/watch.ts';

/** `undefined` where it is switched off. */
export function overloadLimits({ enabled, refuseAt, shedAt, lagMs }: OverloadConfig): OverloadLimits | undefined {
  return enabled ? { worker: { refuseAt, shedAt }, lagMs } : undefined;
}

const GRAVITY: Record<Level['kind'], number> = { calm: 0, careful: 1, shedding: 2 };

export function overloadFigures({ process, workers, lagMs }: OverloadState): OverloadFigures {
  const all = [...workers.values()];
  return {
    process: GRAVITY[process.kind],
    worker: Math.max(0, ...all.map(({ level }) => GRAVITY[level.kind])),
    videoShare: Math.min(1, ...all.map(({ level }) => videoShareOf(level))),
    lagMs,
  };
}

/** The worst of all parts. */
export function worstLevel(overload: OverloadState): Level['kind'] {
  return worstOf([overload.process.kind, worstWorkerLevel(overload)]);
}

/** That of the fullest media worker. */
export function worstWorkerLevel({ workers }: OverloadState): Level['kind'] {
  return worstOf([...workers.values()].map(({ level }) => level.kind));
}

function worstOf(kinds: readonly Level['kind'][]): Level['kind'] {
  if (kinds.includes('shedding')) return 'shedding';
  return kinds.includes('careful') ? 'careful' : 'calm';
}
