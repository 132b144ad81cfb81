/** The far side of process-share.ts: a program that is forked, told what to do, and reports each second. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { NativeStack } from '../../native-peer/native-stack.ts';
import { DatachannelStack, type PeerStack } from '../../peers/reporting-endpoint.ts';
import { messageOf } from '../failure.ts';
import type { ShareCommand, ShareReport, ShareSetup } from './messages.ts';
import { Players } from './players.ts';

const ACTS_EVERY_MS = 100;
const REPORTS_EVERY_MS = 1_000;
/** Homeservers are slow to take a thousand hangups. */
const LEAVES_WITHIN_MS = 8_000;
const LOOP_RESOLUTION_MS = 10;
/** Troubles that are told in a second; the others are counted. */
const MOST_TROUBLES = 5;

const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
let players: Players | undefined;
let stack: PeerStack | undefined;
let told = 0;
let isSampling = false;

function report(message: ShareReport): void {
  if (process.connected) process.send?.(message);
}

/** Without its peers it is of no use: whoever started it notices its end. */
function fail(error: unknown): void {
  const trouble: ShareReport = { kind: 'trouble', message: messageOf(error) };
  if (process.connected) process.send?.(trouble, () => process.exit(1));
  else process.exit(1);
}

function tell(message: string): void {
  told += 1;
  if (told <= MOST_TROUBLES) report({ kind: 'trouble', message });
}

/** Which binary the native peers run on is a fact of this machine: it comes by the command line. */
function startStack({ endpoint, bindAddress }: ShareSetup): Promise<PeerStack> {
  switch (endpoint) {
    case 'native': {
      const [, , engine = ''] = process.argv;
      return NativeStack.start(engine, { media: 'recorded', bindAddress });
    }
    case 'datachannel':
      return Promise.resolve(new DatachannelStack('recorded', bindAddress));
  }
}

async function start(setup: ShareSetup): Promise<void> {
  const peers = await startStack(setup);
  stack = peers;
  const own = new Players(setup, peers, tell);
  players = own;
  loop.enable();
  // Both end with the process.
  setInterval(() => own.act(performance.now()), ACTS_EVERY_MS);
  setInterval(() => {
    if (isSampling) return;
    isSampling = true;
    sampleNow(peers, own)
      .catch(fail)
      .finally(() => {
        isSampling = false;
      });
  }, REPORTS_EVERY_MS);
}

async function sampleNow(peers: PeerStack, own: Players): Promise<void> {
  await peers.refresh();
  const sample = own.sample(performance.now());
  // The histogram counts from one tick to the next.
  sample.loopLagMs = Math.max(0, loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
  loop.reset();
  told = 0;
  report({ kind: 'sample', sample });
}

async function stop(): Promise<void> {
  await Promise.race([players?.end(), delay(LEAVES_WITHIN_MS)]);
  await stack?.close();
  process.exit(0);
}

async function obey(command: ShareCommand): Promise<void> {
  switch (command.kind) {
    case 'start':
      await start(command.setup);
      break;
    case 'join':
      for (const participant of command.participants) players?.add(participant);
      break;
    case 'wanted':
      players?.want(command.participants);
      break;
    case 'hold':
      players?.hold(performance.now());
      break;
    case 'to-device':
      players?.hand(command.events);
      break;
    case 'stop':
      await stop();
      break;
  }
}

/** Commands are obeyed one after the other: those to join wait for the engine. */
let obeyed = Promise.resolve();
process.on('message', message => {
  obeyed = obeyed.then(() => obey(message as ShareCommand)).catch(fail);
});
// Whoever started it says when to go.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Whoever started it is gone: nobody else would let the peers leave.
process.once('disconnect', () => {
  stop().catch(() => process.exit(1));
});
