/** CPU time and memory of processes, from /proc. */
import { readdir, readFile } from 'node:fs/promises';
import { cpuTimeMs } from '../../demo/check/process-figures.ts';

/**
 * CPU time that the threads of a process have used so far, in ns: finer than the ticks of /proc/<pid>/stat, which stand in where
 * the kernel keeps no such statistics. Threads that have ended are not in it.
 */
export async function cpuTimeNs(pid: number): Promise<number> {
  const folder = `/proc/${pid}/task`;
  const threads = await readdir(folder);
  const texts = await Promise.all(
    threads.map(thread => readFile(`${folder}/${thread}/schedstat`, 'utf8').catch(() => '')),
  );
  const sum = texts.reduce((total, text) => total + Number(text.split(' ')[0] || 0), 0);
  return sum > 0 ? sum : (await cpuTimeMs(pid)) * 1e6;
}

/** Resident memory, bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) * 1_024;
}

/** A focus (or mediasoup alone): Node, and its workers. */
export interface ProcessPair {
  node: number;
  workers: readonly number[];
}

/** ns, or bytes. */
export interface PairFigures {
  node: number;
  worker: number;
}

export async function cpuOf(pair: ProcessPair): Promise<PairFigures> {
  const [node, ...workers] = await Promise.all([pair.node, ...pair.workers].map(cpuTimeNs));
  return { node: node ?? 0, worker: workers.reduce((sum, each) => sum + each, 0) };
}

export async function residentOf(pair: ProcessPair): Promise<PairFigures> {
  const [node, ...workers] = await Promise.all([pair.node, ...pair.workers].map(residentBytes));
  return { node: node ?? 0, worker: workers.reduce((sum, each) => sum + each, 0) };
}
