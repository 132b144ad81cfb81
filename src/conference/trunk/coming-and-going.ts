/** A trunk opens, breaks, comes back, ends. */
import { WeirError } from '../../../signalling/wire/errors.ts';
import { type DeviceId, keyOfDevice, keyOfSession } from '../../session.ts';
import { endParticipant } from '../coming-and-going.ts';
import { noData, noDataAcross } from '../data-state.ts';
import { attend } from '../due.ts';
import { callOf } from '../effects.ts';
import { nothingSaidOfTheFloor } from '../floor-state.ts';
import type { Effect, Input } from '../messages.ts';
import { enlist } from '../roster.ts';
import { nothingRefused } from '../refusals.ts';
import { clientCount, type Conference, nextRevision, type RemoteFocus } from '../state.ts';
import { nothingTold, nothingViewed } from '../viewing.ts';

/** A trunk is open, and begins: an earlier one of the same focus ends. */
export function trunkOpened(
  conference: Conference,
  opened: Extract<Input, { kind: 'trunk-opened' }>,
  now: number,
  effects: Effect[],
): void {
  const { session, callId } = opened;
  for (const other of [...conference.roster.foci]) {
    const isSame = keyOfDevice(other.session) === keyOfDevice(session);
    if (isSame) endParticipant(conference, other, new WeirError('WEIR_REPLACED', 'the trunk began anew'), effects);
  }
  const focus: RemoteFocus = {
    kind: 'focus',
    key: keyOfSession(session),
    session,
    callId,
    place: nextRevision(conference),
    stage: { kind: 'present', since: now },
    control: { kind: 'open', pingedAt: now, heardAt: now, ponged: false },
    brokenUntil: undefined,
    negotiation: { kind: 'stable', offerDueAt: undefined },
    answering: 0,
    speaksFor: devicesIn(opened.speaksFor),
    announced: {},
    declared: [],
    refused: nothingRefused(),
    barredOf: new Map(),
    floor: nothingSaidOfTheFloor(now),
    withheld: new Map(),
    metadata: {},
    shown: {},
    published: new Set(),
    wanted: new Map(),
    offered: new Map(),
    viewing: nothingViewed(),
    telling: nothingTold(),
    data: noData(now),
    dataAcross: noDataAcross(),
    toldVersion: -1,
  };
  enlist(conference, focus);
  attend(conference, focus);
  effects.push({ kind: 'open-trunk', call: callOf(focus) });
}

/** The room puts others on the focus than before. */
export function speaksForOthers({ due }: Conference, focus: RemoteFocus, devices: readonly DeviceId[]): void {
  focus.speaksFor = devicesIn(devices);
  due.foci.add(focus);
}

function devicesIn(devices: readonly DeviceId[]): RemoteFocus['speaksFor'] {
  return new Set(devices.map(keyOfDevice));
}

/** Its WebSocket is cut, or is back with nothing lost. Media goes on, and so does everything that is shown. */
export function trunkLinked(
  { timing }: Conference,
  focus: RemoteFocus,
  state: 'broken' | 'resumed',
  now: number,
): void {
  switch (state) {
    case 'broken':
      focus.brokenUntil ??= now + timing.keepSilentFor;
      return;
    case 'resumed':
      focus.brokenUntil = undefined;
      // The answer could not come.
      if (focus.negotiation.kind === 'offering') focus.negotiation = { ...focus.negotiation, since: now };
  }
}

/** Those who are on a focus that was not heard for too long go. */
export function watchBroken(conference: Conference, focus: RemoteFocus, now: number, effects: Effect[]): void {
  if (focus.brokenUntil !== undefined && now >= focus.brokenUntil)
    return endParticipant(
      conference,
      focus,
      new WeirError('WEIR_KEEP_ALIVE', 'nothing was heard of the other focus for too long'),
      effects,
    );
  for (const { dueAt } of [focus.refused, focus.dataAcross.refused])
    if (dueAt !== undefined && now >= dueAt) conference.due.foci.add(focus);
  // What is taken away from it goes after a while, whether or not it said a word.
  if (focus.withheld.size > 0) attend(conference, focus);
}

/** A conference in which nobody is but other foci is empty. */
export function endWithoutClients(conference: Conference, effects: Effect[]): void {
  if (clientCount(conference) > 0) return;
  for (const focus of [...conference.roster.foci])
    endParticipant(conference, focus, new WeirError('WEIR_TRUNK_CLOSED', 'nobody is in the conference here'), effects);
}
