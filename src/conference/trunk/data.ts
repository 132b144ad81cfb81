/** Application data over a trunk: which channels of those on the other focus are taken, and which labels are asked for there. */
import {
  type DataChannelInfo,
  MAX_DATA_LABEL_BYTES,
  MAX_DATA_LABELS,
  MAX_DATA_LABELS_ACROSS,
  utf8Length,
} from '../../../signalling/wire/data.ts';
import { type ErrorCode, WeirError } from '../../../signalling/wire/errors.ts';
import { mayPublish } from '../../../signalling/wire/permissions.ts';
import { keyOfDataChannel } from '../../session.ts';
import { takesData } from '../data-shared.ts';
import type { SharedData } from '../data-state.ts';
import { callOf, note, tell } from '../effects.ts';
import type { Effect } from '../messages.ts';
import type { Conference, RemoteFocus } from '../state.ts';
import { type Refusal, refusal, type Refused, strangerRefusal, tellRefused } from './refusing.ts';

/** ms between two words to another focus of which labels are wanted. */
const ASK_EVERY_MS = 400;

/** The media engine has the trunk: data may cross from now on. */
export function dataOpenAcross({ due }: Conference, focus: RemoteFocus): void {
  focus.dataAcross.isOpen = true;
  focus.data.settledFor = -1;
  due.foci.add(focus);
}

/** The focus says anew which channels its clients have, all of them. One that is not what it was is none. */
export function announceDataAcross(
  { due }: Conference,
  focus: RemoteFocus,
  channels: readonly DataChannelInfo[],
  effects: Effect[],
): void {
  const { dataAcross } = focus;
  const stays = new Set(channels.map(({ channelId }) => channelId));
  for (const channelId of dataAcross.ended) if (!stays.has(channelId)) dataAcross.ended.delete(channelId);
  const known = new Map(dataAcross.announced.map(channel => [channel.channelId, channel]));
  let isOther = false;
  for (const channel of channels) {
    const before = known.get(channel.channelId);
    known.set(channel.channelId, channel);
    if (before === undefined || isSame(before, channel)) continue;
    dataAcross.ended.add(channel.channelId);
    isOther = true;
  }
  dataAcross.announced = channels;
  due.foci.add(focus);
  if (!isOther) return;
  const message = 'another focus announces a data channel as another one than before';
  complain(focus, new WeirError('WEIR_TRUNK_STREAM', message), effects);
}

function isSame(one: DataChannelInfo, other: DataChannelInfo): boolean {
  const isOfSame = one.userId === other.userId && one.deviceId === other.deviceId && one.protocol === other.protocol;
  return isOfSame && one.label === other.label && one.ordered === other.ordered && one.reliable === other.reliable;
}

/** The other focus does not carry a channel any more: those who have it are told why. */
export function dataEndedThere(
  conference: Conference,
  focus: RemoteFocus,
  { channelId, code }: { channelId: number; code: string },
  effects: Effect[],
): void {
  const channel = focus.data.channels.get(channelId);
  if (channel === undefined) return;
  const { dataAcross } = focus;
  dataAcross.announced = dataAcross.announced.filter(one => one.channelId !== channelId);
  conference.due.foci.add(focus);
  const known: ErrorCode = code === 'WEIR_DATA_LIMIT' ? code : 'WEIR_DATA_OVERFLOW';
  const whose = `${channel.label} of ${channel.owner.userId}`;
  const error = new WeirError(known, `data channel ${whose}: messages come faster than they cross between the foci`);
  const key = keyOfDataChannel({ publisher: focus.key, channelId });
  for (const viewer of conference.roster.dataViewers) {
    if (!viewer.data.forwards.has(key)) continue;
    effects.push(note(viewer, error.code, error.message), tell(viewer, { kind: 'error', error }));
  }
}

/** Takes what the focus may speak of, and ends the rest. */
export function reconcileData(conference: Conference, focus: RemoteFocus, now: number, effects: Effect[]): void {
  const { data, dataAcross } = focus;
  if (!dataAcross.isOpen) return;
  const { kept, refused } = permitted(conference, focus);
  dataAcross.refused = tellRefused(focus, dataAcross.refused, refused, now, effects);
  const call = callOf(focus);
  let isChanged = false;
  for (const channelId of data.channels.keys()) {
    if (kept.has(channelId)) continue;
    data.channels.delete(channelId);
    effects.push({ kind: 'end-received-data', call, channelId });
    isChanged = true;
  }
  for (const [channelId, channel] of kept) {
    if (data.channels.has(channelId)) continue;
    data.channels.set(channelId, channel);
    const { label, ordered, reliable, owner } = channel;
    effects.push({ kind: 'receive-data', call, channel: { channelId, label, ordered, reliable, owner } });
    isChanged = true;
  }
  if (!isChanged) return;
  conference.dataVersion++;
  if (data.channels.size > 0) conference.roster.dataPublishers.add(focus);
  else conference.roster.dataPublishers.delete(focus);
}

function permitted(conference: Conference, focus: RemoteFocus): { kept: Map<number, SharedData>; refused: Refused[] } {
  const kept = new Map<number, SharedData>();
  const refused: Refused[] = [];
  for (const { userId, deviceId, protocol = '', ...channel } of focus.dataAcross.announced) {
    const { channelId } = channel;
    if (focus.dataAcross.ended.has(channelId)) continue;
    const shared = { ...channel, protocol, owner: { userId, deviceId } };
    const why =
      kept.size < conference.limits.data.trunkChannels
        ? refusalOf(conference, focus, shared)
        : refusal('WEIR_DATA_LIMIT', 'another focus announces more data channels than it may');
    if (why === undefined) kept.set(channelId, shared);
    else refused.push({ id: String(channelId), ...why });
  }
  return { kept, refused };
}

function refusalOf(
  conference: Conference,
  focus: RemoteFocus,
  { label, protocol, owner }: SharedData,
): Refusal | undefined {
  const stranger = strangerRefusal(conference, focus, owner, 'a data channel');
  if (stranger !== undefined) return stranger;
  if (!mayPublish(conference.permissions, owner.userId, 'data'))
    return refusal('WEIR_MAY_NOT_PUBLISH', 'another focus announces data of somebody who may not publish any');
  if (utf8Length(label) > MAX_DATA_LABEL_BYTES || utf8Length(protocol) > MAX_DATA_LABEL_BYTES)
    return refusal('WEIR_DATA_LIMIT', 'another focus announces a data channel with a name that is too long');
  return undefined;
}

function complain(focus: RemoteFocus, error: WeirError, effects: Effect[]): void {
  effects.push(note(focus, error.code, error.message), tell(focus, { kind: 'error', error }));
}

/** Tells the focus which labels clients want here, where that changed or one of them asked anew. */
export function tellDataAsks(conference: Conference, focus: RemoteFocus, now: number, effects: Effect[]): void {
  const { dataAcross } = focus;
  if (!dataAcross.isOpen || dataAcross.toldAsks === conference.dataAsks) return;
  if (now - dataAcross.toldLabelsAt < ASK_EVERY_MS) return;
  dataAcross.toldAsks = conference.dataAsks;
  const labels = labelsWanted(conference);
  const text = JSON.stringify(labels);
  if (labels.length === 0 && text === dataAcross.toldLabels) return;
  Object.assign(dataAcross, { toldLabels: text, toldLabelsAt: now });
  effects.push(tell(focus, { kind: 'data', message: { kind: 'data_subscription', labels } }));
}

/** Each once, however many want it. Where there are too many, one of each client in turn: who wants many takes none from who wants one. */
function labelsWanted({ roster }: Conference): string[] {
  const viewers = [...roster.dataViewers].filter(viewer => viewer.kind === 'client' && takesData(viewer));
  const wishes = viewers.map(({ data }) => [...(data.labels ?? [])]);
  const labels = new Set<string>();
  for (let turn = 0; turn < MAX_DATA_LABELS; turn++)
    for (const { [turn]: label } of wishes)
      if (label !== undefined && labels.size < MAX_DATA_LABELS_ACROSS) labels.add(label);
  return [...labels].toSorted();
}
