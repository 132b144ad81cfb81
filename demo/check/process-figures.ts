/** Facts about running processes, from /proc. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Linux counts CPU time in these, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;

/** CPU time that a process has used so far (itself, without its children), in ms. */
export async function cpuTimeMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name stands in parentheses and may hold spaces: fields are counted from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return ((user + system) * 1_000) / TICKS_PER_SECOND;
}

/** Time that all cores together have spent on something so far, in ms. */
export async function busyTimeMs(): Promise<number> {
  const text = await readFile('/proc/stat', 'utf8');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = (/^cpu\s+(.*)$/m.exec(text)?.[1] ?? '')
    .split(' ')
    .map(Number);
  return ((user + nice + system + irq + softIrq) * 1_000) / TICKS_PER_SECOND;
}

/** Resident memory in MB (1,048,576 bytes). */
export async function residentMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) / 1_024;
}

/** UDP and TCP ports on which a process has sockets. */
export async function localPorts(pid: number): Promise<Set<number>> {
  const inodes = new Set<string>();
  for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  const ports = new Set<number>();
  for (const table of ['udp', 'udp6', 'tcp', 'tcp6']) {
    const text = await readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const port = fields[1]?.split(':')[1];
      if (port !== undefined && inodes.has(fields[9] ?? '')) ports.add(Number.parseInt(port, 16));
    }
  }
  return ports;
}
