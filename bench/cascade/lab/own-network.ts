/** Parts of the bench that spoil a network play in one of their own. Near side of program.ts. */
import { fileURLToPath } from 'node:url';
import type { Progress } from '../../../demo/check/progress.ts';
import { runCommand } from '../../../setup/command.mjs';
import type { LabOptions, LabResults, Played } from './parts.ts';

const NETWORK = fileURLToPath(new URL('own-network.sh', import.meta.url));
const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url));
/** ms. The longest part takes about three minutes, and the two homeservers one. */
const LASTS_AT_MOST_MS = 480_000;

export interface LabParts extends LabOptions {
  progress: Progress;
  signal: AbortSignal;
  fail: (reason: string) => void;
}

/**
 * Plays a part in a network namespace of its own, with two sites of its own; it is gone with its last process. Needs root. Rejects where
 * the part did not come to its end.
 */
export async function playApart<Part extends keyof LabResults>(part: Part, parts: LabParts): Promise<LabResults[Part]> {
  const { stateDir, synapsePython, workerBin, loadPeer, progress, signal, fail } = parts;
  let said = '';
  await runCommand(
    'unshare',
    [
      ...['--net', '--kill-child', NETWORK],
      ...[process.execPath, PROGRAM, part, stateDir, synapsePython, workerBin, loadPeer],
    ],
    {
      timeoutMs: LASTS_AT_MOST_MS,
      remedy: `Its state is in ${stateDir}.`,
      signal,
      onLine: line => progress.tell(line),
      onStatus: line => (said = line),
    },
  );
  const played = JSON.parse(said) as Played<Part>;
  if (played.kind === 'failed') throw new Error(played.message);
  for (const failure of played.failures) fail(failure);
  return played.result;
}
