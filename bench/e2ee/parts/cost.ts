/** What encrypted media costs the focus's worker beside media in the clear: the same call, in turn. */
import { type Call, pause } from '../../../demo/check/call.ts';
import { Chromium } from '../../../demo/check/chromium.ts';
import type { Participant } from '../../../demo/check/participant.ts';
import { type CallRoom, createCallRoom, untilJoined } from '../../../demo/call-room.ts';
import { type Deployment, startDeployment } from '../../../demo/deployment.ts';
import { demoLink } from '../../../demo/site.ts';
import { NativeStack } from '../../../loadtest/native-peer/native-stack.ts';
import { cpuTimeNs } from '../../scale/process-clock.ts';
import type { CostRound } from '../figures.ts';
import { readEncryption } from '../page-encryption.ts';
import { Audience } from './audience.ts';
import { comeIn, CONFIG, openWitness, type Parts, tellComplaints, untilAllMeet } from './place.ts';

/** In pages; the last one is who watches. */
const NAMES = ['participant1', 'participant2', 'audience'] as const;
const PAGES = 2;
/** Who receive what the pages send: as many as it takes that forwarding is most of what the worker does. */
const VIEWERS = 40;
/** Estimates and layers find their level. */
const SETTLES_MS = 5_000;
const MEASURED_MS = 15_000;
/** The focus forgets who left before the next come. */
const GONE_MS = 3_000;
const JOINS = { limits: { participants_per_conference: 1_000, invites_per_minute: 100_000 } };

type Kind = keyof CostRound;

export async function measureCost(parts: Parts): Promise<CostRound[]> {
  const { progress, signal, fail } = parts;
  await using deployment = await startDeployment({
    ...parts,
    users: NAMES,
    encrypted: true,
    config: { ...CONFIG, ...JOINS },
    report: step => progress.tell(step),
  });
  await using chromium = await Chromium.start(signal);
  await using owned = new AsyncDisposableStack();
  const stack = owned.adopt(await NativeStack.start(parts.loadPeer), it => it.close());
  const sideIn = async (room: CallRoom): Promise<Side> => {
    const [, , user] = deployment.users;
    if (user === undefined) throw new RangeError('an audience is needed');
    const audience = owned.use(await Audience.open({ deployment, room, user, count: VIEWERS, stack, signal }));
    const call = { deployment: inRoom(deployment, room), chromium, participants: [], progress, signal, fail };
    return { call, audience };
  };
  const sides: Record<Kind, Side> = {
    encrypted: await sideIn(deployment.room),
    clear: await sideIn(await openClearRoom(deployment, signal)),
  };
  progress.tell(`${VIEWERS} watch each of the two calls`);
  const rounds: CostRound[] = [];
  for (let round = 0; round < parts.rounds; round += 1) {
    progress.phase(`Compare (${round + 1} of ${parts.rounds})`);
    const cost: CostRound = { encrypted: 0, clear: 0 };
    // Whoever comes first finds another machine than whoever comes second.
    const kinds: readonly Kind[] = ['encrypted', 'clear'];
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) cost[kind] = await costOf(sides[kind], kind);
    rounds.push(cost);
  }
  return rounds;
}

interface Side {
  call: Call;
  audience: Audience;
}

/** The pages come, are measured, and go. ns of the workers for a packet that somebody received. */
async function costOf({ call, audience }: Side, kind: Kind): Promise<number> {
  const { participants, progress, deployment } = call;
  // A device of its own in each call: see openWitness().
  for (const user of deployment.users.slice(0, PAGES))
    await comeIn(call, await openWitness(call, await deployment.synapse.login(user)));
  await untilAllMeet(call);
  await pause(call, SETTLES_MS);
  const workers = await deployment.focus.workerPids();
  const read = async (): Promise<{ ns: number; packets: number }> => ({
    packets: sum([await audience.delivered(), ...(await Promise.all(participants.map(packetsReceived)))]),
    ns: sum(await Promise.all(workers.map(cpuTimeNs))),
  });
  const before = await read();
  await pause(call, MEASURED_MS);
  const after = await read();
  for (const page of participants) await checkKind(call, page, kind);
  tellComplaints(call, participants);
  for (const page of participants.splice(0)) {
    await page.page.evaluate(() => {
      window.weir.leave();
    });
    await page.close();
  }
  await pause(call, GONE_MS);
  const packets = after.packets - before.packets;
  const ns = (after.ns - before.ns) / packets;
  progress.tell(`${kind}: ${(ns / 1_000).toFixed(2)} µs for each of ${packets} packets`);
  return ns;
}

/** That what is compared is what it is said to be. */
async function checkKind(call: Call, page: Participant, kind: Kind): Promise<void> {
  const witnessed = (await readEncryption(page))?.witnessed ?? [];
  const received = witnessed.some(({ direction }) => direction === 'received');
  if (received !== (kind === 'encrypted'))
    call.fail(`in the ${kind} call ${page.name} decrypted ${received ? 'some' : 'no'} frames`);
}

/** Of all others, so far. */
function packetsReceived({ page }: Participant): Promise<number> {
  return page.evaluate(async () => {
    let packets = 0;
    for (const connection of window.weir.peerConnections())
      for (const stat of (await connection.getStats()).values() as Iterable<Record<string, unknown>>)
        if (stat['type'] === 'inbound-rtp') packets += Number(stat['packetsReceived'] ?? 0);
    return packets;
  });
}

/** Another room of the same people, which is not encrypted. */
async function openClearRoom({ synapse, focus, users }: Deployment, signal: AbortSignal): Promise<CallRoom> {
  const [creator, ...members] = users;
  if (creator === undefined) throw new RangeError('users are needed');
  const { userId } = focus.user;
  const { baseUrl } = synapse;
  const room = await createCallRoom({ baseUrl, creator, members, invited: [userId], name: 'Clear call' });
  await untilJoined({ baseUrl, viewer: creator, roomId: room.roomId }, { userId, logFile: focus.logFile }, signal);
  return room;
}

function inRoom(deployment: Deployment, room: CallRoom): Deployment {
  const { focus, synapse } = deployment;
  return {
    ...deployment,
    room,
    link: user => demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
