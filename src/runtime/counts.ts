/** What gauges show of conferences. Clients and other foci are counted apart. */
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { Conference } from '../conference/state.ts';

export interface Counts {
  joining: number;
  present: number;
  silent: number;
  tracks: number;
  subscriptions: number;
  viewersDeficient: number;
  videosPaused: number;
  /** Wanted videos that are paused because the focus has too much to do. */
  videosShed: number;
  /** Participants that publish anything. */
  publishers: number;
  /** Tracks that flow to viewers. */
  forwarded: number;
  /** Data channels that clients opened, and that were opened to them. */
  dataPublished: number;
  dataForwarded: number;
  /** Trunks to other foci, and participants that are on those. */
  trunks: number;
  remote: number;
  /** Inputs that wait in mailboxes. */
  mailbox: number;
}

export function nothingCounted(): Counts {
  return {
    joining: 0,
    present: 0,
    silent: 0,
    tracks: 0,
    subscriptions: 0,
    viewersDeficient: 0,
    videosPaused: 0,
    videosShed: 0,
    publishers: 0,
    forwarded: 0,
    dataPublished: 0,
    dataForwarded: 0,
    trunks: 0,
    remote: 0,
    mailbox: 0,
  };
}

export function countsOf(conference: Conference, mailbox: number): Counts {
  const counts = { ...nothingCounted(), tracks: conference.tracks.size, mailbox };
  for (const participant of conference.participants.values()) {
    if (participant.kind === 'client') counts[participant.stage.kind]++;
    else {
      counts.trunks++;
      counts.remote += devicesOf(participant.metadata).size;
    }
    counts.subscriptions += participant.offered.size;
    counts.dataPublished += participant.data.channels.size;
    counts.dataForwarded += participant.data.forwards.size;
    if (participant.published.size > 0) counts.publishers++;
    for (const { paused } of participant.offered.values()) if (!paused) counts.forwarded++;
    const { state, grants } = participant.viewing.allocation;
    if (state === 'DEFICIENT') counts.viewersDeficient++;
    for (const grant of grants.values()) {
      if (grant.kind !== 'paused') continue;
      if (grant.reason === 'bandwidth') counts.videosPaused++;
      if (grant.reason === 'overload') counts.videosShed++;
    }
  }
  return counts;
}

/** Whose streams these are. */
function devicesOf(streams: StreamMetadata): Set<string> {
  return new Set(Object.values(streams).map(stream => JSON.stringify([stream.user_id, stream.device_id])));
}

export function sumOf(all: Iterable<Counts>): Counts {
  const sum = nothingCounted();
  for (const one of all) {
    sum.joining += one.joining;
    sum.present += one.present;
    sum.silent += one.silent;
    sum.tracks += one.tracks;
    sum.subscriptions += one.subscriptions;
    sum.viewersDeficient += one.viewersDeficient;
    sum.videosPaused += one.videosPaused;
    sum.videosShed += one.videosShed;
    sum.publishers += one.publishers;
    sum.forwarded += one.forwarded;
    sum.dataPublished += one.dataPublished;
    sum.dataForwarded += one.dataForwarded;
    sum.trunks += one.trunks;
    sum.remote += one.remote;
    sum.mailbox += one.mailbox;
  }
  return sum;
}
