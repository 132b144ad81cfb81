import { cpus, release, totalmem, type as systemType } from 'node:os';
import type { RunResult } from './result.ts';

/** What a run was measured on. */
export function thisMachine(): RunResult['machine'] {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    system: `${systemType()} ${release()}`,
    node: process.versions.node,
  };
}
