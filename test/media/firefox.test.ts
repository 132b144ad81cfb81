import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

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

it('holds a call of two Firefox windows, away from loopback', { timeout: 300_000 }, async () => {
  const unshare = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  const script = new URL('./firefox-call.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(
    'unshare',
    [...unshare, '--kill-child', 'bash', '-c', NAMESPACE, 'bash', process.execPath, script, ADDRESS],
    { timeout: 280_000, maxBuffer: 1_000_000 },
  );
  expect(stdout.trim().split('\n')).toEqual([
    'control',
    'publish and receive',
    'layers',
    'screen share',
    'glare',
    'ICE restart',
  ]);
});
