/** Which data channels there are for whom: what a participant may be forwarded, and what it is told of. */
import {
  type DataChannelInfo,
  type DataPublisher,
  MAX_DATA_CHANNELS_TOLD,
  writeDataPublisher,
} from '../../signalling/wire/data.ts';
import type { ForwardedData } from '../ports.ts';
import { type DataChannelKey, type DataChannelRef, keyOfDataChannel } from '../session.ts';
import type { SharedData } from './data-state.ts';
import type { Conference, Participant } from './state.ts';

/** Characters of all that one list names: labels of the longest kind must not make it too long to be sent. */
const MAX_LIST_LENGTH = 64_000;

interface Shared {
  readonly ref: DataChannelRef;
  readonly channel: SharedData;
}

/** The channels of its labels that the viewer is to be forwarded now. */
export function channelsDue(conference: Conference, viewer: Participant): Map<DataChannelKey, ForwardedData> {
  const due = new Map<DataChannelKey, ForwardedData>();
  const { labels } = viewer.data;
  if (labels === undefined || labels.size === 0 || !takesData(viewer)) return due;
  // What another focus is not told of it does not take.
  const all = viewer.kind === 'focus' ? listed(conference, viewer) : sharedWith(conference, viewer);
  for (const { ref, channel } of all) {
    const { label, ordered, reliable } = channel;
    if (!labels.has(label)) continue;
    due.set(keyOfDataChannel(ref), { ...ref, label, ordered, reliable, protocol: writeDataPublisher(infoOf(channel)) });
  }
  return due;
}

/** Whether what it wants can reach it now. */
export function takesData(viewer: Participant): boolean {
  if (viewer.kind === 'focus') return viewer.dataAcross.isOpen;
  // Nothing piles up for who is silent: it gets its channels anew when it is back.
  // A WebSocket may be open long before its data channels are: what is opened then would be lost.
  return viewer.stage.kind === 'present' && viewer.ways.has('channel');
}

/** What the viewer is told of: the channels of its labels first. */
export function listFor(conference: Conference, viewer: Participant): DataChannelInfo[] {
  return listed(conference, viewer)
    .filter(({ ref }) => viewer.kind === 'client' || !viewer.data.ended.has(keyOfDataChannel(ref)))
    .map(({ channel }) => describe(channel));
}

function listed(conference: Conference, viewer: Participant): Shared[] {
  const isWanted = ({ channel }: Shared): boolean => viewer.data.labels?.has(channel.label) === true;
  const all = [...sharedWith(conference, viewer)];
  const most = viewer.kind === 'focus' ? conference.limits.data.trunkChannels : MAX_DATA_CHANNELS_TOLD;
  let length = 0;
  return [...all.filter(isWanted), ...all.filter(one => !isWanted(one))].slice(0, most).filter(({ channel }) => {
    length += JSON.stringify(describe(channel)).length;
    return length <= MAX_LIST_LENGTH;
  });
}

/** The channels of all others who are present; to another focus those of who is here. */
function* sharedWith(conference: Conference, viewer: Participant): Generator<Shared> {
  for (const other of conference.roster.dataPublishers) {
    if (other === viewer || other.stage.kind !== 'present') continue;
    if (viewer.kind === 'focus' && other.kind === 'focus') continue;
    for (const channel of other.data.channels.values())
      yield { ref: { publisher: other.key, channelId: channel.channelId }, channel };
  }
}

function describe(channel: SharedData): DataChannelInfo {
  const { label, ordered, reliable } = channel;
  return { label, ...infoOf(channel), ordered, reliable };
}

function infoOf({ owner: { userId, deviceId }, channelId, protocol }: SharedData): DataPublisher {
  return { userId, deviceId, channelId, ...(protocol === '' ? {} : { protocol }) };
}
