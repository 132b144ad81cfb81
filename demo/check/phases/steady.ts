import type { Focus } from '../../focus.ts';
import { type Call, judgeFor, pause } from '../call.ts';
import { countPairs, type Interval, type Pair } from '../pairs.ts';
import type { Load } from '../report.ts';
import { Meter } from '../meter.ts';
import { localPorts } from '../process-figures.ts';

/** Bandwidth estimates and layers find their level. */
const SETTLES_MS = 2_000;
/** Pairs are judged by the last seconds of the window. */
const JUDGED_MS = 10_000;

export interface Steady {
  pairsWithAudio: number;
  pairsWithVideo: number;
  /** Ever made by one page: the most of all pages. */
  peerConnectionsPerPage: number;
  rssMb: Load;
  /** Of one core, over the whole window. */
  cpuPercent: Load;
}

/** Nothing happens for a while: who sees and hears whom then, and what does it cost. */
export async function steadyCall(call: Call, seconds: number): Promise<Steady> {
  call.progress.phase('Steady call');
  await pause(call, SETTLES_MS);
  const { foci } = call.deployment;
  const workers = (await Promise.all(foci.map(focus => focus.workerPids()))).flat();
  const nodes = foci.map(focus => focus.pid());
  const meter = await Meter.start({ nodes, workers, browser: await call.chromium.processes() });
  await pause(call, seconds * 1_000 - JUDGED_MS);
  const { pairs, pages } = await judgeFor(call, JUDGED_MS);
  const { cpuPercent, rssMb, machine } = await meter.read();
  call.progress.tell(machine);

  const [audio, video] = [countPairs(pairs, 'audio'), countPairs(pairs, 'video')];
  for (const missing of [...audio.missing, ...video.missing]) call.fail(missing);
  tellPairs(call, pairs);
  for (const focus of foci) await checkRemoteEnds(call, focus, pages);
  for (const { name, after } of pages) {
    if (after.constructed !== 1) call.fail(`the page of ${name} made ${after.constructed} peer connections`);
  }
  call.progress.tell(
    `${audio.passed} pairs with audio, ${video.passed} with video of ${pairs.length}; CPU ${cpuPercent.node} % in Node, ${cpuPercent.worker} % in the worker`,
  );
  return {
    pairsWithAudio: audio.passed,
    pairsWithVideo: video.passed,
    peerConnectionsPerPage: Math.max(...pages.map(({ after }) => after.constructed)),
    rssMb,
    cpuPercent,
  };
}

/** Every page of a focus sends to sockets of its workers, and nowhere else. */
async function checkRemoteEnds(call: Call, focus: Focus, pages: readonly Interval[]): Promise<void> {
  const ports = new Set<number>();
  for (const worker of await focus.workerPids()) for (const port of await localPorts(worker)) ports.add(port);
  const here = call.participants.filter(({ user }) => call.deployment.focusOf(user) === focus).map(({ name }) => name);
  for (const { name, after } of pages.filter(page => here.includes(page.name))) {
    if (after.remoteEnds.length === 0) call.fail(`the page of ${name} has no selected candidate pair`);
    for (const { address, port } of after.remoteEnds) {
      if (!ports.has(port)) call.fail(`the page of ${name} sends to ${address}:${port}, which is not its focus`);
    }
  }
}

function tellPairs(call: Call, pairs: readonly Pair[]): void {
  for (const { viewer, sender, video, audio } of pairs) {
    call.progress.tell(`${viewer} of ${sender}: ${video.because}; ${audio.because}`);
  }
}
