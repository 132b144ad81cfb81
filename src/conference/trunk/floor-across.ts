/**
 * The floor of a call over several foci. Each says to the others, over their trunks, whom it hears and which of its clients want the
 * floor: all of it each time, so that nothing is lost with a trunk. One of them hands it out, and says to whom.
 */
import type { FloorAcross, FloorDecision } from '../../../signalling/wire/floor-across.ts';
import { mayPublish } from '../../../signalling/wire/permissions.ts';
import { type DeviceKey, deviceOf, keyOfDevice } from '../../session.ts';
import { afterClaim } from '../claim-rate.ts';
import { tell } from '../effects.ts';
import { type Floor, FREE_FLOOR, hasClaim, keepFloor, requestFloor } from '../floor.ts';
import { type Arbiter, SELF } from '../floor-state.ts';
import type { Effect, News } from '../messages.ts';
import { clientOf } from '../roster.ts';
import type { Conference, RemoteFocus } from '../state.ts';
import { arbiterAmong } from './arbiter.ts';

/** ms. Said so often, changed or not: who says nothing is gone. */
const SAY_EVERY_MS = 1_500;
/**
 * ms. A focus that said nothing for so long is not heard. Less than a claim lasts: clients behind a trunk that is cut have lost the
 * floor at their own focus before somebody else gets it.
 */
const HEARD_WITHIN_MS = 6_000;
/** ms that the floor stays as it was while another focus takes it over. */
const CARRIED_FOR_MS = 2_000;

/** Another focus says what it has to say. */
export function hearFloor({ floor }: RemoteFocus, message: FloorAcross, now: number): void {
  floor.said = {
    at: now,
    links: new Set(message.links.map(keyOfDevice)),
    wantedBy: new Set(message.wantedBy.map(keyOfDevice)),
    decided: message.decided && floorOf(message.decided, now),
  };
}

function floorOf({ holder, queue, until }: FloorDecision, now: number): Floor {
  return {
    holder: holder && { by: keyOfDevice(holder), askedAt: now, until },
    queue: queue.map(device => ({ by: keyOfDevice(device), askedAt: now })),
    revoked: [],
  };
}

/** Who hands out the floor, by what all foci say that are heard now. */
export function chooseArbiter({ self, roster }: Conference, now: number): Arbiter {
  const heard = heardFoci(roster.foci, now);
  if (heard.length === 0) return SELF;
  const others = heard.map(({ key, said }) => ({ key, hears: said.links }));
  const own = keyOfDevice(self);
  const chosen = arbiterAmong({ key: own, hears: new Set(others.map(({ key }) => key)) }, others);
  if (chosen === own) return SELF;
  const arbiter = heard.find(({ key }) => key === chosen);
  return arbiter === undefined ? { kind: 'nobody' } : { kind: 'focus', key: arbiter.focus.key };
}

interface Heard {
  readonly focus: RemoteFocus;
  readonly key: DeviceKey;
  readonly said: NonNullable<RemoteFocus['floor']['said']>;
}

function heardFoci(foci: ReadonlySet<RemoteFocus>, now: number): Heard[] {
  return [...foci].flatMap(focus => {
    const { said } = focus.floor;
    return said !== undefined && now - said.at < HEARD_WITHIN_MS
      ? [{ focus, key: keyOfDevice(focus.session), said }]
      : [];
  });
}

/** The focus that hands out the floor, where that is another one. */
export function arbiterOf({ turns, participants }: Conference): RemoteFocus | undefined {
  const arbiter = turns.arbiter.kind === 'focus' ? participants.get(turns.arbiter.key) : undefined;
  return arbiter?.kind === 'focus' ? arbiter : undefined;
}

/** The floor after what the clients of another focus want, as it said last. */
export function claimedBy(conference: Conference, focus: RemoteFocus, floor: Floor, now: number): Floor {
  const { said } = focus.floor;
  let claimed = floor;
  for (const by of said?.wantedBy ?? []) {
    if (said === undefined || !mayClaim(conference, focus, by)) continue;
    const claims = hasClaim(claimed, by) ? focus.floor.claims : afterClaim(focus.floor.claims, now);
    // Too many at a time: it says so again.
    if (claims === undefined) continue;
    focus.floor.claims = claims;
    const after = requestFloor(claimed, by, said.at);
    if (after !== 'full') claimed = after;
  }
  return claimed;
}

/** When a device last said that it wants the floor, which it may have (ms since 1970); `undefined`: it does not, or is gone. */
export function wantedAt(conference: Conference, by: DeviceKey): number | undefined {
  const here = conference.turns.wishes.get(by);
  if (here !== undefined) return here;
  for (const focus of conference.roster.foci)
    if (focus.floor.said?.wantedBy.has(by) === true && mayClaim(conference, focus, by)) return focus.floor.said.at;
  return undefined;
}

/** It is believed of those whom the room puts on it, and of no more than the room lets them. */
function mayClaim(conference: Conference, { speaksFor }: RemoteFocus, by: DeviceKey): boolean {
  if (!speaksFor.has(by) || clientOf(conference, by) !== undefined) return false;
  return mayPublish(conference.permissions, deviceOf(by).userId, 'audio');
}

/** The floor, handed out by this focus from now on: who has it and who waits go on, as far as they are there. */
export function takenOver(conference: Conference, floor: Floor, now: number): Floor {
  const { turns, roster } = conference;
  const claims = [...(floor.holder === undefined ? [] : [floor.holder]), ...floor.queue].map(({ by }) => by);
  const [holder, ...queue] = claims.flatMap(by => {
    const askedAt = wantedAt(conference, by);
    return askedAt === undefined ? [] : [{ by, askedAt }];
  });
  // A turn ends by the clock of who hands it out: it begins anew.
  const known: Floor = { holder: holder && { ...holder, until: undefined }, queue, revoked: [] };
  let taken = keepFloor(known, () => true, now);
  for (const [by, askedAt] of turns.wishes) {
    const after = requestFloor(taken, by, askedAt);
    if (after !== 'full') taken = after;
  }
  for (const { focus } of heardFoci(roster.foci, now)) taken = claimedBy(conference, focus, taken, now);
  return taken;
}

/**
 * The floor as the focus says that hands it out. Of clients here only those have it who still want it; and where nobody says
 * anything, nobody has it after a while.
 */
export function floorElsewhere(conference: Conference, floor: Floor, now: number): Floor {
  const { turns } = conference;
  const decided = arbiterOf(conference)?.floor.said?.decided;
  if (decided !== undefined) turns.knownAt = now;
  const known = decided ?? (now - turns.knownAt < CARRIED_FOR_MS ? floor : FREE_FLOOR);
  const stays = ({ by }: { by: DeviceKey }): boolean => turns.wishes.has(by) || clientOf(conference, by) === undefined;
  const holder = known.holder !== undefined && stays(known.holder) ? known.holder : undefined;
  const after: Floor = { holder, queue: known.queue.filter(stays), revoked: [] };
  return isSame(floor, after) ? floor : after;
}

function isSame(one: Floor, other: Floor): boolean {
  const isSameHolder = one.holder?.by === other.holder?.by && one.holder?.until === other.holder?.until;
  const isSameQueue =
    one.queue.length === other.queue.length && one.queue.every(({ by }, index) => by === other.queue[index]?.by);
  return isSameHolder && isSameQueue && one.revoked.length === other.revoked.length;
}

/** Says to the other foci what there is to say, where it changed and every while. */
export function tellFloorAcross(conference: Conference, now: number, effects: Effect[]): void {
  const { floor, roster } = conference;
  if (floor === undefined || roster.foci.size === 0) return;
  const news: News = { kind: 'floor_across', message: wordOf(conference, floor, now) };
  const text = JSON.stringify(news.message);
  for (const focus of roster.foci) {
    // What is said to a trunk that is cut is kept for it, and would come late.
    if (focus.brokenUntil !== undefined) continue;
    if (focus.floor.told === text && now - focus.floor.toldAt < SAY_EVERY_MS) continue;
    Object.assign(focus.floor, { told: text, toldAt: now });
    effects.push(tell(focus, news));
  }
}

function wordOf({ turns, roster }: Conference, { holder, queue }: Floor, now: number): FloorAcross {
  return {
    kind: 'floor_across',
    links: heardFoci(roster.foci, now).map(({ key }) => deviceOf(key)),
    wantedBy: [...turns.wishes.keys()].map(deviceOf),
    decided:
      turns.arbiter.kind !== 'self'
        ? undefined
        : {
            holder: holder && deviceOf(holder.by),
            queue: queue.map(({ by }) => deviceOf(by)),
            ...(holder?.until === undefined ? {} : { until: holder.until }),
          },
  };
}
