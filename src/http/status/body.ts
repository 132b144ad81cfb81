/** What the operator is shown: how the focus stands at this moment, as the body of /status.json. */
import type { ErrorCode } from '../../../signalling/wire/errors.ts';
import type { TrunkFigures, TrunkTraffic, WorkerFigures } from '../../ports.ts';
import { type FocusId, keyOfConference } from '../../session.ts';
import type { ConferenceStatus, Readiness, Status, TrunkStatus } from '../deps.ts';
import { type ReadinessBody, readinessBody } from '../health.ts';

/** Rows of a list: the rest is counted. */
const MOST_LISTED = 100;

/** Body of /status.json. Names rooms, members' servers and other foci; holds no secret. */
export interface StatusBody extends Omit<ReadinessBody, 'workers'> {
  /** Absent until the homeserver has told. */
  user_id?: string;
  device_id?: string;
  version: string;
  uptime_s: number;
  totals: {
    conferences: number;
    joining: number;
    present: number;
    silent: number;
    /** On other foci. */
    remote: number;
    tracks: number;
    forwarded: number;
    viewers_deficient: number;
    trunks: number;
  };
  process: { level: Readiness['overload']; lag_ms: number };
  workers: {
    alive: number;
    wanted: number;
    level: Readiness['overload'];
    video_share: number;
    each: readonly WorkerFigures[];
  };
  /** The largest ones. */
  conferences: readonly ConferenceBody[];
  /** Those that are not open come first, then those that carry most. */
  trunks: readonly TrunkBody[];
  /** The most frequent one first. */
  errors: readonly { code: ErrorCode; count: number; last_s_ago: number }[];
}

export interface ConferenceBody extends Omit<ConferenceStatus, 'conference'> {
  room_id: string;
  conf_id: string;
  trunks: number;
}

export interface TrunkBody {
  room_id: string;
  conf_id: string;
  /** The other focus. */
  user_id: string;
  device_id: string;
  state: TrunkFigures['state'];
  /** Why it is not open, where that is known. */
  code?: ErrorCode;
  /** Of the WebSocket, ms. */
  round_trip_ms?: number;
  traffic?: TrafficBody;
}

/** As of some seconds ago; rates in bit/s, losses 0 to 1. */
export interface TrafficBody {
  /** Of the path of the media, ms. */
  round_trip_ms?: number;
  sent_bps: number;
  received_bps: number;
  loss_sent: number;
  loss_received: number;
  tracks_sent: number;
  tracks_received: number;
  layers_sent: number;
  media_bytes_sent: number;
  media_bytes_received: number;
}

export function statusBody(
  status: Status,
  readiness: Readiness,
  focus: { identity: FocusId | undefined; version: string },
): StatusBody {
  const { load, conferences, trunks, errors } = status;
  const { workers, ...ready } = readinessBody(readiness);
  const sum = (of: Exclude<keyof ConferenceStatus, 'conference'>): number =>
    conferences.reduce((all, conference) => all + conference[of], 0);
  return {
    ...ready,
    ...(focus.identity === undefined ? {} : { user_id: focus.identity.userId, device_id: focus.identity.deviceId }),
    version: focus.version,
    uptime_s: Math.floor(status.uptimeMs / 1_000),
    totals: {
      conferences: conferences.length,
      joining: sum('joining'),
      present: sum('present'),
      silent: sum('silent'),
      remote: sum('remote'),
      tracks: sum('tracks'),
      forwarded: sum('forwarded'),
      viewers_deficient: sum('deficient'),
      trunks: trunks.length,
    },
    process: { level: load.process, lag_ms: Math.round(load.lagMs) },
    workers: { ...workers, level: load.worker, video_share: load.videoShare, each: load.workers },
    conferences: conferencesBody(conferences, trunks),
    trunks: trunks.toSorted(byConcern).slice(0, MOST_LISTED).map(trunkBody),
    errors: errors
      .toSorted((one, other) => other.count - one.count)
      .map(({ code, count, agoMs }) => ({ code, count, last_s_ago: Math.floor(agoMs / 1_000) })),
  };
}

function conferencesBody(conferences: Status['conferences'], trunks: Status['trunks']): ConferenceBody[] {
  const linked = Map.groupBy(trunks, ({ conference }) => keyOfConference(conference));
  return conferences
    .toSorted((one, other) => sizeOf(other) - sizeOf(one))
    .slice(0, MOST_LISTED)
    .map(({ conference, ...counts }) => ({
      room_id: conference.roomId,
      conf_id: conference.confId,
      ...counts,
      trunks: linked.get(keyOfConference(conference))?.length ?? 0,
    }));
}

function sizeOf({ joining, present, silent, remote }: ConferenceStatus): number {
  return joining + present + silent + remote;
}

function byConcern(one: TrunkStatus, other: TrunkStatus): number {
  if ((one.state === 'open') !== (other.state === 'open')) return one.state === 'open' ? 1 : -1;
  return rateOf(other) - rateOf(one);
}

function rateOf({ traffic }: TrunkStatus): number {
  return traffic === undefined ? 0 : traffic.sent + traffic.received;
}

function trunkBody({ conference, peer, state, code, roundTripMs, traffic }: TrunkStatus): TrunkBody {
  return {
    room_id: conference.roomId,
    conf_id: conference.confId,
    user_id: peer.userId,
    device_id: peer.deviceId,
    state,
    ...(code === undefined ? {} : { code }),
    ...(roundTripMs === undefined ? {} : { round_trip_ms: rounded(roundTripMs) }),
    ...(traffic === undefined ? {} : { traffic: trafficBody(traffic) }),
  };
}

function trafficBody(traffic: TrunkTraffic): TrafficBody {
  return {
    ...(traffic.roundTripMs === undefined ? {} : { round_trip_ms: rounded(traffic.roundTripMs) }),
    sent_bps: Math.round(traffic.sent),
    received_bps: Math.round(traffic.received),
    loss_sent: traffic.lossSent,
    loss_received: traffic.lossReceived,
    tracks_sent: traffic.tracksSent,
    tracks_received: traffic.tracksReceived,
    layers_sent: traffic.layersSent,
    media_bytes_sent: traffic.mediaBytesSent,
    media_bytes_received: traffic.mediaBytesReceived,
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
