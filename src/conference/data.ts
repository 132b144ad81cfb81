/** Application data: who publishes which channels, who subscribes to their labels, which are forwarded to whom. */
import {
  type DataChannelInfo,
  MAX_DATA_CHANNELS_TOLD,
  MAX_DATA_LABEL_BYTES,
  MAX_DATA_LABELS,
  utf8Length,
  writeDataPublisher,
} from '../../signalling/wire/data.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { ForwardedData, OpenedData } from '../ports.ts';
import { type DataChannelKey, type DataChannelRef, keyOfDataChannel } from '../session.ts';
import type { DataLimits, ParticipantData } from './data-state.ts';
import { callOf, note, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import type { Client, Conference, Participant } from './state.ts';

/** ms between two words to a participant that refuse it a channel, and between two that list the channels of the others. */
const REFUSE_EVERY_MS = 1_000;
const LIST_EVERY_MS = 400;
/** Characters of all that one list names: labels of the longest kind must not make it too long to be sent. */
const MAX_LIST_LENGTH = 64_000;

/** The client opened a channel beside its control channel. */
export function dataOpened(
  conference: Conference,
  publisher: Client,
  channel: OpenedData,
  now: number,
  effects: Effect[],
): void {
  const { data } = publisher;
  const refusal = refusalOf(conference, publisher, channel, now);
  if (refusal === undefined) {
    data.channels.set(channel.channelId, channel);
    conference.roster.dataPublishers.add(publisher);
    conference.dataVersion++;
    effects.push({ kind: 'accept-data', call: callOf(publisher), channelId: channel.channelId });
    return;
  }
  effects.push({ kind: 'refuse-data', call: callOf(publisher), channelId: channel.channelId });
  // One that opens and opens is told as often as it can do something about it.
  if (now - data.refusedAt < REFUSE_EVERY_MS) return;
  data.refusedAt = now;
  complain(publisher, refusal, effects);
}

function refusalOf(
  { limits }: Conference,
  { barred, data }: Client,
  channel: OpenedData,
  now: number,
): WeirError | undefined {
  if (barred.has('data')) return mayNotPublish();
  const excess = excessOf(limits.data, data, channel, now);
  return excess === undefined ? undefined : new WeirError('WEIR_DATA_LIMIT', excess);
}

function mayNotPublish(): WeirError {
  return new WeirError('WEIR_MAY_NOT_PUBLISH', 'data: not with this power level');
}

function excessOf(
  { channels, opensAtOnce, opensPerSecond }: DataLimits,
  data: ParticipantData,
  { label, protocol }: OpenedData,
  now: number,
): string | undefined {
  data.opens = Math.min(opensAtOnce, data.opens + ((now - data.opensAt) * opensPerSecond) / 1_000);
  data.opensAt = now;
  if (data.opens < 1) return 'data channels are opened too fast: one was closed';
  data.opens -= 1;
  if (data.channels.size >= channels) return `more than ${channels} data channels: one was closed`;
  if (utf8Length(label) > MAX_DATA_LABEL_BYTES || utf8Length(protocol) > MAX_DATA_LABEL_BYTES)
    return `label or protocol of a data channel longer than ${MAX_DATA_LABEL_BYTES} bytes: it was closed`;
  return undefined;
}

/** A channel of the client is gone. */
export function dataClosed(
  conference: Conference,
  publisher: Client,
  channelId: number,
  error: WeirError | undefined,
  effects: Effect[],
): void {
  const { channels } = publisher.data;
  if (!channels.delete(channelId)) return;
  if (channels.size === 0) conference.roster.dataPublishers.delete(publisher);
  conference.dataVersion++;
  if (error !== undefined) complain(publisher, error, effects);
}

/** Messages of the client were dropped. */
export function dataDropped(publisher: Participant, error: WeirError, effects: Effect[]): void {
  complain(publisher, error, effects);
}

/** A channel to the client is gone. It gets it again when it asks again. */
export function forwardEnded(
  conference: Conference,
  viewer: Participant,
  channel: DataChannelRef,
  error: WeirError | undefined,
  effects: Effect[],
): void {
  const key = keyOfDataChannel(channel);
  if (!viewer.data.forwards.delete(key)) return;
  conference.dataForwards -= 1;
  viewer.data.ended.add(key);
  if (error !== undefined) complain(viewer, error, effects);
}

/** Takes all labels that the client wants from now on. */
export function subscribeData(
  conference: Conference,
  viewer: Client,
  labels: readonly string[],
  effects: Effect[],
): void {
  const { data } = viewer;
  const wanted = new Set(labels);
  const isTooMuch = wanted.size > MAX_DATA_LABELS || labels.some(label => utf8Length(label) > MAX_DATA_LABEL_BYTES);
  if (isTooMuch) {
    const message = `more than ${MAX_DATA_LABELS} labels, or one longer than ${MAX_DATA_LABEL_BYTES} bytes`;
    complain(viewer, new WeirError('WEIR_DATA_LIMIT', message), effects, 'org.weir.data_subscription');
    return;
  }
  if (data.labels === undefined) {
    effects.push({ kind: 'expect-data', call: callOf(viewer) });
    data.toldVersion = -1;
  }
  data.labels = wanted;
  conference.roster.dataViewers.add(viewer);
  data.ended.clear();
  data.toldOfExcess = false;
  data.settledFor = -1;
}

/** Closes the channels of a participant that may not publish data any more. */
function closeBarred(conference: Conference, publisher: Client, effects: Effect[]): void {
  const { barred, data } = publisher;
  if (data.channels.size === 0 || !barred.has('data')) return;
  const call = callOf(publisher);
  for (const channelId of data.channels.keys()) effects.push({ kind: 'refuse-data', call, channelId });
  data.channels.clear();
  conference.roster.dataPublishers.delete(publisher);
  conference.dataVersion++;
  complain(publisher, mayNotPublish(), effects);
}

/** Forwards what is to be forwarded now, ends what is not, and tells who asked which channels there are. */
export function settleData(conference: Conference, now: number, effects: Effect[]): void {
  const { due, roster } = conference;
  if (due.everything) for (const publisher of roster.dataPublishers) closeBarred(conference, publisher, effects);
  const isOfAll = due.clock || due.before.dataVersion !== conference.dataVersion;
  for (const viewer of isOfAll ? roster.dataViewers : due.participants) {
    const { data } = viewer;
    if (viewer.kind === 'focus' || data.labels === undefined) continue;
    if (data.settledFor !== conference.dataVersion) {
      data.settledFor = conference.dataVersion;
      serveData(conference, viewer, effects);
    }
    if (data.toldVersion === conference.dataVersion || now - data.toldAt < LIST_EVERY_MS) continue;
    if (viewer.control.kind !== 'open') continue;
    data.toldVersion = conference.dataVersion;
    data.toldAt = now;
    effects.push(
      tell(viewer, { kind: 'data', message: { kind: 'data_channels', channels: listFor(conference, viewer) } }),
    );
  }
}

function serveData(conference: Conference, viewer: Client, effects: Effect[]): void {
  const { data } = viewer;
  const due = channelsDue(conference, viewer);
  const call = callOf(viewer);
  for (const [key, { publisher, channelId }] of data.forwards) {
    if (due.has(key)) continue;
    data.forwards.delete(key);
    conference.dataForwards -= 1;
    effects.push({ kind: 'stop-data', call, channel: { publisher, channelId } });
  }
  for (const key of data.ended) if (!due.has(key)) data.ended.delete(key);
  const { forwards, forwardsInAll } = conference.limits.data;
  let room = Math.min(forwards - data.forwards.size, forwardsInAll - conference.dataForwards);
  for (const [key, channel] of due) {
    if (data.forwards.has(key) || data.ended.has(key)) continue;
    if (room <= 0) {
      if (!data.toldOfExcess)
        complain(viewer, new WeirError('WEIR_DATA_LIMIT', 'more data channels than are forwarded to one'), effects);
      data.toldOfExcess = true;
      // Free places are given when something changes.
      return;
    }
    room -= 1;
    data.forwards.set(key, channel);
    conference.dataForwards += 1;
    effects.push({ kind: 'forward-data', call, channel });
  }
}

/** It came, fell silent or came back: who is not present neither publishes nor gets anything. */
export function dataPresenceChanged(conference: Conference, { data }: Participant): void {
  if (data.channels.size > 0) conference.dataVersion++;
  data.settledFor = -1;
}

/** It is gone, and with it what it published; what it was forwarded leaves room for others. */
export function forgetData(conference: Conference, { data }: Participant): void {
  if (data.channels.size + data.forwards.size > 0) conference.dataVersion++;
  conference.dataForwards -= data.forwards.size;
}

/** The channels of its labels of all others who are present, while it is so itself. */
function channelsDue(conference: Conference, viewer: Client): Map<DataChannelKey, ForwardedData> {
  const due = new Map<DataChannelKey, ForwardedData>();
  const { labels } = viewer.data;
  if (labels === undefined || labels.size === 0) return due;
  // Nothing piles up for who is silent: it gets its channels anew when it is back.
  if (viewer.stage.kind !== 'present') return due;
  // A WebSocket may be open long before its data channels are: what is opened then would be lost.
  if (!viewer.ways.has('channel')) return due;
  for (const [publisher, channel] of channelsOfOthers(conference, viewer)) {
    const { channelId, label, ordered, reliable } = channel;
    if (!labels.has(label)) continue;
    const ref = { publisher: publisher.key, channelId };
    const protocol = writeDataPublisher(publisherOf(publisher, channel));
    due.set(keyOfDataChannel(ref), { ...ref, label, ordered, reliable, protocol });
  }
  return due;
}

function* channelsOfOthers(conference: Conference, viewer: Participant): Generator<[Participant, OpenedData]> {
  for (const other of conference.roster.dataPublishers) {
    if (other === viewer || other.stage.kind !== 'present') continue;
    for (const channel of other.data.channels.values()) yield [other, channel];
  }
}

function publisherOf({ session }: Participant, { channelId, protocol }: OpenedData) {
  const { userId, deviceId } = session;
  return { userId, deviceId, channelId, ...(protocol === '' ? {} : { protocol }) };
}

function listFor(conference: Conference, viewer: Participant): DataChannelInfo[] {
  const wanted: DataChannelInfo[] = [];
  const others: DataChannelInfo[] = [];
  for (const [publisher, channel] of channelsOfOthers(conference, viewer)) {
    const { label, ordered, reliable } = channel;
    const list = viewer.data.labels?.has(label) === true ? wanted : others;
    list.push({ label, ...publisherOf(publisher, channel), ordered, reliable });
  }
  let length = 0;
  return [...wanted, ...others].slice(0, MAX_DATA_CHANNELS_TOLD).filter(info => {
    length += JSON.stringify(info).length;
    return length <= MAX_LIST_LENGTH;
  });
}

function complain(participant: Participant, error: WeirError, effects: Effect[], inReplyTo?: string): void {
  effects.push(
    note(participant, error.code, error.message),
    tell(participant, { kind: 'error', error, ...(inReplyTo === undefined ? {} : { inReplyTo }) }),
  );
}
