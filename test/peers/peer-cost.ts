/**
 * What load peers cost: `node test/peers/peer-cost.ts <receivers> <videos> <voices> [seconds] [stack…]`. A router forwards recorded videos (640 px
 * high layer) and voices to receivers of each stack in turn; the CPU of their process is told for each packet that came.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeStack } from '../../loadtest/native-peer/native-stack.ts';
import type { OfferedTrack } from '../../src/ports.ts';
import { newConference, openPeer, startMedia } from '../media/harness.ts';
import { StackPeer } from '../media/stack-peer.ts';
import { EndpointProcess, type StackName } from './endpoint-process.ts';

const [receivers = 100, videos = 1, voices = 1, seconds = 10] = process.argv.slice(2, 6).map(Number);
const asked = process.argv.slice(6).filter((name): name is StackName => name === 'native' || name === 'libdatachannel');
const stacks: StackName[] = asked.length > 0 ? asked : ['native', 'libdatachannel'];

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']).toString());
/** Index of utime in /proc/<pid>/stat after the name of the program. */
const UTIME = 11;

/** CPU seconds so far, and resident bytes. */
function costOf(pid: number): { cpu: number; rss: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const cpu = (Number(stat[UTIME]) + Number(stat[UTIME + 1])) / TICKS_PER_SECOND;
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;
  return { cpu, rss };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const media = await startMedia();
const publishers = await NativeStack.start(process.env['WEIR_LOAD_PEER_BIN'] ?? '', {
  media: 'recorded',
  stamped: true,
});
const conference = newConference();
const tracks: OfferedTrack[] = [];
for (let each = 0; each < Math.max(videos, voices); each += 1) {
  const publisher = await StackPeer.join(media, conference, `publisher${each}`, events => publishers.endpoint(events));
  const [voice, video] = publisher.tracks();
  if (voice !== undefined && each < voices) tracks.push(voice);
  if (video !== undefined && each < videos) tracks.push({ ...video, layer: 2 });
}

for (const stack of stacks) {
  const process_ = await EndpointProcess.start(stack);
  const empty = process_.pids.map(pid => costOf(pid).rss);
  const opened = [];
  const begun = performance.now();
  for (let each = 0; each < receivers; each += 1) {
    const { peer } = await openPeer(media, conference, `${stack}${each}`);
    const { endpoint, sdp } = await process_.offer();
    const answered = await peer.answer(sdp);
    await process_.take(endpoint, answered.sdp);
    const offer = await peer.offer(tracks);
    await peer.accept(await process_.answer(endpoint, offer.sdp));
    opened.push(peer);
  }
  const joined = performance.now() - begun;
  await sleep(4_000);
  await process_.count();
  const before = process_.pids.map(costOf);
  const from = performance.now();
  await sleep(seconds * 1_000);
  const { packets, dropped } = await process_.count();
  const elapsed = (performance.now() - from) / 1_000;
  const after = process_.pids.map(costOf);
  const used = after.map(({ cpu }, index) => cpu - (before[index]?.cpu ?? 0));
  const all = used.reduce((sum, each) => sum + each, 0);
  const rss = after.map((cost, index) => (cost.rss - (empty[index] ?? 0)) / receivers / 1_024);
  say(
    `${stack}: ${receivers} receivers of ${videos} videos and ${voices} voices; ${(joined / receivers).toFixed(1)} ms a join; ` +
      `${Math.round(packets / elapsed)} packets/s; CPU ${used.map(cpu => ((100 * cpu) / elapsed).toFixed(1)).join(' + ')} % ` +
      `(${process_.pids.length > 1 ? 'Node + engine' : 'Node'}); ${((1e6 * all) / packets).toFixed(2)} µs a packet; ` +
      `${rss.map(each => each.toFixed(0)).join(' + ')} KB a peer; ${dropped} dropped`,
  );
  for (const peer of opened) peer.close();
  process_.close();
  await sleep(1_000);
}
await publishers.close();
await media.close();
