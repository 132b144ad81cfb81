/** Facts of Linux about running processes, from /proc. What is gone reads as nothing. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Linux counts CPU time in these, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Processes that it started, directly. */
export function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap(thread =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

/** The processes and all that they started, without those in `except` and all that those started. */
export function treeOf(pids: readonly number[], except: readonly number[] = []): Set<number> {
  const tree = new Set<number>();
  const waiting = [...pids];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (except.includes(pid) || tree.has(pid)) continue;
    tree.add(pid);
    waiting.push(...childrenOf(pid));
  }
  return tree;
}

/** CPU time so far of each thread of a process, in ms, by its id. */
export function threadTimesMs(pid: number): Map<string, number> {
  return new Map(
    list(`/proc/${pid}/task`).map(thread => [`${pid}/${thread}`, timeOf(read(`/proc/${pid}/task/${thread}/stat`))]),
  );
}

/** CPU time so far of a process with the threads that it had, in ms; 0 where it is gone. */
export function cpuTimeMs(pid: number): number {
  return timeOf(read(`/proc/${pid}/stat`));
}

function timeOf(stat: string): number {
  // The name stands in parentheses and may hold spaces: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return (ticks * 1_000) / TICKS_PER_SECOND;
}

export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

/** Time that all cores together were busy, and were there, in ms. */
export function machineTimesMs(): { busy: number; all: number } {
  const fields = /^cpu\s+(.*)$/m.exec(read('/proc/stat'))?.[1]?.split(' ').map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, steal = 0] = fields;
  const ms = 1_000 / TICKS_PER_SECOND;
  const busy = (user + nice + system + irq + softIrq + steal) * ms;
  return { busy, all: busy + (idle + wait) * ms };
}

/** Packets that the system dropped so far at UDP sockets of these processes: their buffers were full. */
export function droppedAtSockets(pids: Iterable<number>): number {
  // The last column counts drops; few sockets have any, and only of those it matters whose they are.
  const dropping = ['udp', 'udp6'].flatMap(table =>
    read(`/proc/net/${table}`)
      .split('\n')
      .slice(1)
      .map(line => line.trim().split(/\s+/))
      .filter(fields => Number(fields[12] ?? 0) > 0)
      .map(fields => ({ inode: fields[9], drops: Number(fields[12]) })),
  );
  if (dropping.length === 0) return 0;
  const own = new Set<string>();
  for (const pid of pids) {
    for (const descriptor of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined) own.add(inode);
    }
  }
  return dropping.reduce((sum, { inode, drops }) => sum + (inode !== undefined && own.has(inode) ? drops : 0), 0);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
