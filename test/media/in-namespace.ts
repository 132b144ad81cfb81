import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const ADDRESS = '10.203.0.1';
/** A namespace with loopback and one other address; it is gone with its last process. */
const NAMESPACE = `
set -e
ip link set lo up
ip link add weir0 type veth peer name weir1
ip addr add ${ADDRESS}/24 dev weir0
ip link set weir0 up
ip link set weir1 up
ip route add default dev weir0
exec "$@"
`;

/**
 * Runs a script of this folder inside a network namespace of its own; its arguments are the address there and `args`. Gives
 * the lines that it printed. Rejects with what it wrote where it fails.
 */
export async function stepsProven(script: string, ...args: string[]): Promise<string[]> {
  const unshare = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  const path = new URL(script, import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(
    'unshare',
    [...unshare, '--kill-child', 'bash', '-c', NAMESPACE, 'bash', process.execPath, path, ADDRESS, ...args],
    { timeout: 280_000, maxBuffer: 1_000_000 },
  );
  return stdout.trim().split('\n');
}
