/** Application data: who publishes which channels, who subscribes to their labels, which are forwarded to whom. */
import {
  MAX_DATA_LABEL_BYTES,
  MAX_DATA_LABELS,
  MAX_DATA_LABELS_ACROSS,
  utf8Length,
} from '../../signalling/wire/data.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { OpenedData } from '../ports.ts';
import { type DataChannelRef, keyOfDataChannel } from '../session.ts';
import { channelsDue, listFor } from './data-shared.ts';
import type { DataLimits, ParticipantData } from './data-state.ts';
import { callOf, note, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import type { Client, Conference, Participant } from './state.ts';
import { tellDataAsks } from './trunk/data.ts';

/** ms between two words to a participant that refuse it a channel, and between two that list the channels of the others. */
const REFUSE_EVERY_MS = 1_000;
const LIST_EVERY_MS = 400;

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
    const { userId, deviceId } = publisher.session;
    data.channels.set(channel.channelId, { ...channel, owner: { userId, deviceId } });
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

/** A channel of the participant is gone. */
export function dataClosed(
  conference: Conference,
  publisher: Participant,
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

/** Messages of the participant were dropped. */
export function dataDropped(publisher: Participant, error: WeirError, effects: Effect[]): void {
  complain(publisher, error, effects);
}

/** A channel to the viewer is gone. It gets it again when it asks again. */
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
  if (error === undefined) return;
  if (viewer.kind === 'client') return complain(viewer, error, effects);
  // Those behind it are to know why.
  effects.push(note(viewer, error.code, error.message));
  const message = { kind: 'data_ended' as const, channelId: channel.channelId, code: error.code };
  effects.push(tell(viewer, { kind: 'data', message }));
  viewer.data.toldVersion = -1;
}

/** Takes all labels that the viewer wants from now on. */
export function subscribeData(
  conference: Conference,
  viewer: Participant,
  labels: readonly string[],
  effects: Effect[],
): void {
  const { data } = viewer;
  const wanted = new Set(labels);
  const most = viewer.kind === 'client' ? MAX_DATA_LABELS : MAX_DATA_LABELS_ACROSS;
  const isTooMuch = wanted.size > most || labels.some(label => utf8Length(label) > MAX_DATA_LABEL_BYTES);
  if (isTooMuch) {
    const message = `more than ${most} labels, or one longer than ${MAX_DATA_LABEL_BYTES} bytes`;
    complain(viewer, new WeirError('WEIR_DATA_LIMIT', message), effects, 'org.weir.data_subscription');
    return;
  }
  if (data.labels === undefined && viewer.kind === 'client') {
    effects.push({ kind: 'expect-data', call: callOf(viewer) });
    data.toldVersion = -1;
  }
  data.labels = wanted;
  conference.roster.dataViewers.add(viewer);
  data.ended.clear();
  data.toldOfExcess = false;
  data.settledFor = -1;
  // Another focus that is told so carries again what it had ended.
  if (viewer.kind === 'client') conference.dataAsks++;
  else data.toldVersion = -1;
}

/** Closes the channels of a participant that may not publish data any more. */
function closeBarred(conference: Conference, publisher: Participant, effects: Effect[]): void {
  // What comes from another focus was looked at with all else that it says.
  if (publisher.kind === 'focus') return;
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
  for (const viewer of isOfAll ? [...roster.dataViewers, ...roster.foci] : due.participants) {
    const { data } = viewer;
    if (data.labels !== undefined && data.settledFor !== conference.dataVersion) {
      data.settledFor = conference.dataVersion;
      serveData(conference, viewer, effects);
    }
    tellChannels(conference, viewer, now, effects);
  }
  for (const focus of roster.foci) tellDataAsks(conference, focus, now, effects);
}

/** Tells the viewer which channels there are, if it is to know of any. */
function tellChannels(conference: Conference, viewer: Participant, now: number, effects: Effect[]): void {
  const { data } = viewer;
  const isDue = data.toldVersion !== conference.dataVersion && now - data.toldAt >= LIST_EVERY_MS;
  if (!isDue || viewer.control.kind !== 'open') return;
  if (viewer.kind === 'client' ? data.labels === undefined : !viewer.dataAcross.isOpen) return;
  const channels = listFor(conference, viewer);
  const hasNothingToSay = viewer.kind === 'focus' && channels.length === 0 && data.toldAt === Number.NEGATIVE_INFINITY;
  data.toldVersion = conference.dataVersion;
  if (hasNothingToSay) return;
  data.toldAt = now;
  effects.push(tell(viewer, { kind: 'data', message: { kind: 'data_channels', channels } }));
}

function serveData(conference: Conference, viewer: Participant, effects: Effect[]): void {
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
  const { forwards, forwardsInAll, trunkChannels } = conference.limits.data;
  const most = viewer.kind === 'client' ? forwards : trunkChannels;
  let room = Math.min(most - data.forwards.size, forwardsInAll - conference.dataForwards);
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
  if (data.labels !== undefined) conference.dataAsks++;
}

/** It is gone, and with it what it published; what it was forwarded leaves room for others. */
export function forgetData(conference: Conference, { data }: Participant): void {
  if (data.channels.size + data.forwards.size > 0) conference.dataVersion++;
  conference.dataForwards -= data.forwards.size;
  if (data.labels !== undefined) conference.dataAsks++;
}

function complain(participant: Participant, error: WeirError, effects: Effect[], inReplyTo?: string): void {
  effects.push(
    note(participant, error.code, error.message),
    tell(participant, { kind: 'error', error, ...(inReplyTo === undefined ? {} : { inReplyTo }) }),
  );
}
