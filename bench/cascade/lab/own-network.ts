/** Parts of the bench that spoil a network play in one of their own. Near side of program.ts. */
import { fileURLToPath } from 'node:url';
import type { Progress } from '../../../demo/check/progress.ts';
import { runCommand } from '../../../setup/command.mjs';
import type { LabOptions, LabResults, Played } from './parts.ts';

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url));
/** Of a benchmarking range (RFC 2544): browsers find no network where there is loopback alone. */
const CARD = '198.18.0.1';
/** Gone with its last process. On loopback a packet is no larger than on a real link: what shapes it counts packets. */
const NETWORK = `
set -e
ip link set lo up mtu 1500
ip link add weir0 type veth peer name weir1
ip address add ${CARD}/24 dev weir0
ip link set weir0 up
ip link set weir1 up
ip route add default dev weir0
exec "$@"
`;
/** ms. The longest part takes about three minutes, and the two homeservers one. */
const LASTS_AT_MOST_MS = 480_000;

export interface LabParts extends LabOptions {
  progress: Progress;
  signal: AbortSignal;
  fail: (reason: string) => void;
}

/** Plays a part in a network namespace of its own, with two sites of its own. Needs root. Rejects where it did not come to its end. */
export async function playApart<Part extends keyof LabResults>(part: Part, parts: LabParts): Promise<LabResults[Part]> {
  const { stateDir, synapsePython, workerBin, loadPeer, progress, signal, fail } = parts;
  const options: LabOptions = { stateDir, synapsePython, workerBin, loadPeer };
  let said = '';
  await runCommand(
    'unshare',
    [
      ...['--net', '--kill-child', 'bash', '-c', NETWORK, 'bash'],
      ...[process.execPath, PROGRAM, part, JSON.stringify(options)],
    ],
    {
      timeoutMs: LASTS_AT_MOST_MS,
      remedy: `Its state is in ${stateDir}.`,
      signal,
      onLine: line => progress.tell(line),
      onStatus: line => (said = line),
    },
  );
  const { result, failures } = JSON.parse(said) as Played<Part>;
  for (const failure of failures) fail(failure);
  return result;
}
