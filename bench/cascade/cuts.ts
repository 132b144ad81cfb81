/** A call whose trunk is cut: first its WebSocket alone, then all of it. */
import type { Cuts } from './cut-figures.ts';
import { mediaGapMs } from './cut-figures.ts';
import { flows, type GotTrack, joinMember, look, type Member, untilWhole } from './lab/members.ts';
import { LabPlace, type LabRun } from './lab/place.ts';

const SETTLES_MS = 5_000;
/** The WebSocket is away so long, then media is looked at as long again. */
const WS_CUT_MS = 5_000;
const TRUNK_CUT_MS = 20_000;
const HEALS_WITHIN_MS = 60_000;
const LOOKS_EVERY_MS = 100;

/** Two on each site, who all see and hear each other. */
export async function playCuts(run: LabRun): Promise<Cuts> {
  await using place = await LabPlace.start(run, {
    users: [
      ['alice', 'anna'],
      ['bob', 'berta'],
    ],
  });
  await using owned = new AsyncDisposableStack();
  const members: Member[] = [];
  for (const user of place.federation.sites.flatMap(({ users }) => users)) {
    const member = await joinMember(place, user);
    owned.defer(() => member.peer.vanish());
    members.push(member);
  }
  await untilWhole(place, members);
  await place.must('the trunk is open', HEALS_WITHIN_MS, () => place.areTrunks('open'));
  await place.pause(SETTLES_MS);
  const ws = await cutWebSocket(run, place, members);
  await place.pause(SETTLES_MS);
  const trunk = await cutTrunk(run, place, members);
  return { ws, trunk };
}

async function cutWebSocket(run: LabRun, place: LabPlace, members: readonly Member[]): Promise<Cuts['ws']> {
  await look(place, members);
  await place.pause(2 * WS_CUT_MS);
  const calmMs = longestGap((await look(place, members)).crossing);
  const before = await handshakes(place);
  run.tell(`calm: the longest gap in what crosses is ${Math.round(calmMs)} ms; the WebSocket is cut`);

  await look(place, members);
  const cutAt = performance.now();
  place.webSocket.cut();
  if ((await place.until(WS_CUT_MS, () => place.areTrunks('broken'))) === undefined)
    run.fail('the foci did not notice that the WebSocket was cut');
  await place.pause(Math.max(0, cutAt + WS_CUT_MS - performance.now()));
  place.webSocket.heal();
  const healMs = await place.until(HEALS_WITHIN_MS, () => place.areTrunks('open'));
  await place.pause(Math.max(0, cutAt + 2 * WS_CUT_MS - performance.now()));
  const gapMs = longestGap((await look(place, members)).crossing);

  const after = await handshakes(place);
  run.tell(
    `the WebSocket is back after ${Math.round(healMs ?? Number.NaN)} ms; the longest gap is ${Math.round(gapMs)} ms`,
  );
  if (after.opened > before.opened) run.fail('the trunk did not resume, it began anew');
  return { healMs: rounded(healMs), mediaGapMs: mediaGapMs(calmMs, gapMs) };
}

async function cutTrunk(run: LabRun, place: LabPlace, members: readonly Member[]): Promise<Cuts['trunk']> {
  run.tell(`the trunk is cut for ${TRUNK_CUT_MS / 1_000} s`);
  await place.trunk.cut();
  try {
    await place.pause(TRUNK_CUT_MS / 2);
    await look(place, members);
    await place.pause(TRUNK_CUT_MS / 2);
    if (!(await place.areTrunks('broken'))) run.fail('the foci did not notice that the trunk was cut');
    const { crossing, local } = await look(place, members);
    const leaks = crossing.filter(flows).map(({ name }) => name);
    if (leaks.length > 0) run.fail(`the trunk was cut, and still there came ${leaks.join(', ')}`);
    const silent = local.filter(track => !flows(track)).map(({ name }) => name);
    if (silent.length > 0) run.fail(`the local call suffers: ${silent.join(', ')}`);
  } finally {
    await place.trunk.mend();
  }
  const pairs = crossingPairs(place, members);
  const back = new Set<string>();
  const mendedAt = performance.now();
  let isOpen = false;
  await look(place, members);
  while (performance.now() - mendedAt < HEALS_WITHIN_MS) {
    await place.pause(LOOKS_EVERY_MS);
    for (const track of (await look(place, members)).crossing) if (flows(track)) back.add(track.name);
    isOpen = await place.areTrunks('open');
    if (!isOpen || back.size < pairs) continue;
    const healMs = Math.round(performance.now() - mendedAt);
    run.tell(`all is back ${healMs} ms after the cut`);
    return { healMs };
  }
  run.fail(`after the cut ${back.size} of ${pairs} tracks came back; the trunk is ${isOpen ? '' : 'not '}open`);
  return { healMs: null };
}

/** Tracks that cross, counted for each who gets them: two of each member. */
function crossingPairs(place: LabPlace, members: readonly Member[]): number {
  const pairs = members.flatMap(viewer =>
    members.filter(sender => place.siteOf(sender.user) !== place.siteOf(viewer.user)),
  );
  return pairs.length * 2;
}

function longestGap(tracks: readonly GotTrack[]): number {
  return Math.max(...tracks.map(({ longestGapMs }) => longestGapMs));
}

/** Trunks that were opened by a handshake so far, at both ends. */
async function handshakes(place: LabPlace): Promise<{ opened: number }> {
  const each = await place.metrics();
  const count = each.map(metrics => metrics.get('weir_trunk_handshakes_total{outcome="opened"}') ?? 0);
  return { opened: count.reduce((sum, one) => sum + one, 0) };
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}
