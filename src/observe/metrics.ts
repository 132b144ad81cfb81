/** The metrics of the focus in the format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type ErrorCode, ERRORS } from '../../signalling/wire/errors.ts';
import { TRUNK_HELLO } from '../../signalling/wire/trunk.ts';
import type { Meters, TrunkFigures, TrunkMeters, TrunkTraffic, WorkerFigures } from '../ports.ts';
import { type Figures, METRICS, type MetricName } from './figures.ts';

export interface Metrics extends Meters, TrunkMeters {
  /** A to-device message was read. Types that a focus does not know count as `other`. */
  received(type: string): void;
  /** A to-device message was sent. */
  sent(type: string, outcome: string): void;
  /** Something about the homeserver, by the name of its metric without `weir_` and `_total`. Others are not counted here. */
  homeserver(name: string, labels: Record<string, string>): void;
  /** A token for WebSockets was asked for. */
  token(code: string): void;
  /** A WebSocket's client has said who it is. */
  lineOpened(): void;
  /** Such a WebSocket is gone. */
  lineClosed(code: string): void;
  /** Where a scrape reads its gauges, from now on. It must not throw. */
  watch(read: () => Figures): void;
  /** Errors since the start of the process, by code. */
  errors(): readonly CountedError[];
  readonly contentType: string;
  /** The text of a scrape. */
  render(): Promise<string>;
}

/** How often an error came, and when it came last (ms since 1970). */
export interface CountedError {
  code: ErrorCode;
  count: number;
  lastAt: number;
}

/** Bounds of weir_join_seconds: finer where a join should end, up to where it has failed. */
const JOIN_BUCKETS_S = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20];

/** A label's values are bounded, or a stranger could make the registry grow without end. */
const TO_DEVICE_TYPES: ReadonlySet<string> = new Set([
  'm.call.invite',
  'm.call.answer',
  'm.call.candidates',
  'm.call.select_answer',
  'm.call.negotiate',
  'm.call.hangup',
  'm.call.sdp_stream_metadata_changed',
  'org.matrix.call.sdp_stream_metadata_changed',
  TRUNK_HELLO,
]);
/** Their labels are from small fixed sets already. */
const HOMESERVER_METRICS = [
  'weir_matrix_syncs_total',
  'weir_matrix_send_retries_total',
  'weir_matrix_state_ignored_total',
  'weir_matrix_invites_total',
  'weir_matrix_batches_failed_total',
] as const satisfies MetricName[];
const WORKER_GAUGES = [
  ['weir_worker_load', 'load'],
  ['weir_worker_routers', 'routers'],
  ['weir_worker_participants', 'participants'],
  ['weir_worker_consumers', 'consumers'],
] as const satisfies [MetricName, keyof WorkerFigures][];
const OTHER_CODES: ReadonlySet<string> = new Set(['none', 'client', 'opened', 'resumed']);
const TRUNK_STATES = ['calling', 'open', 'broken', 'refused'] as const satisfies TrunkFigures['state'][];

/** What is sent, what is received, and how several trunks to one focus count together. */
const TRUNK_GAUGES = [
  ['weir_trunk_bits_per_second', 'sent', 'received', sumOf],
  ['weir_trunk_media_bytes', 'mediaBytesSent', 'mediaBytesReceived', sumOf],
  ['weir_trunk_loss', 'lossSent', 'lossReceived', largestOf],
  ['weir_trunk_tracks', 'tracksSent', 'tracksReceived', sumOf],
] as const satisfies [MetricName, NumberOfTraffic, NumberOfTraffic, (one: number, other: number) => number][];
type NumberOfTraffic = Exclude<keyof TrunkTraffic, 'roundTripMs'>;

/** @param withProcess also memory, CPU and event loop of this process */
export function createMetrics(withProcess = true): Metrics {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  let read: (() => Figures) | undefined;

  const counter = (name: MetricName) =>
    new Counter({ name, help: METRICS[name].help, labelNames: METRICS[name].labels, registers: [registry] });
  const gauge = (name: MetricName, fill: (gauge: Gauge, figures: Figures) => void) =>
    new Gauge({
      name,
      help: METRICS[name].help,
      labelNames: METRICS[name].labels,
      registers: [registry],
      collect() {
        if (read !== undefined) fill(this, read());
      },
    });

  gauge('weir_conferences', (it, figures) => it.set(figures.conferences));
  gauge('weir_participants', (it, { participants }) => {
    it.set({ state: 'joining' }, participants.joining);
    it.set({ state: 'present' }, participants.present);
    it.set({ state: 'silent' }, participants.silent);
  });
  gauge('weir_remote_participants', (it, figures) => it.set(figures.remoteParticipants));
  gauge('weir_publications', (it, figures) => it.set(figures.publications));
  gauge('weir_subscriptions', (it, figures) => it.set(figures.subscriptions));
  gauge('weir_viewers_deficient', (it, figures) => it.set(figures.viewersDeficient));
  gauge('weir_videos_paused', (it, figures) => it.set(figures.videosPaused));
  gauge('weir_videos_shed', (it, figures) => it.set(figures.videosShed));
  gauge('weir_video_share', (it, { overload }) => it.set(overload.videoShare));
  gauge('weir_overload_level', (it, { overload }) => {
    it.set({ part: 'process' }, overload.process);
    it.set({ part: 'worker' }, overload.worker);
  });
  gauge('weir_event_loop_lag_seconds', (it, { overload }) => it.set(overload.lagMs / 1000));
  gauge('weir_data_channels', (it, { dataChannels }) => {
    it.set({ kind: 'published' }, dataChannels.published);
    it.set({ kind: 'forwarded' }, dataChannels.forwarded);
  });
  gauge('weir_mailbox_depth', (it, figures) => it.set(figures.mailboxDepth));
  gauge('weir_homeserver_up', (it, figures) => it.set(figures.homeserverUp ? 1 : 0));
  gauge('weir_worker_alive', (it, figures) => it.set(figures.workersAlive));
  gauge('weir_worker_wanted', (it, figures) => it.set(figures.workersWanted));
  gauge('weir_media_handles', (it, { mediaHandles }) => {
    for (const [kind, count] of Object.entries(mediaHandles)) it.set({ kind }, count);
  });
  for (const [name, figure] of WORKER_GAUGES) {
    gauge(name, (it, { media }) => {
      // A worker that is gone has no figures.
      it.reset();
      for (const each of media.workers) it.set({ worker: each.worker }, each[figure]);
    });
  }
  gauge('weir_router_links', (it, { media }) => it.set(media.links));
  gauge('weir_piped_tracks', (it, { media }) => it.set(media.pipedTracks));
  gauge('weir_trunks', (it, { trunks }) => {
    for (const state of TRUNK_STATES) it.set({ state }, trunks.filter(trunk => trunk.state === state).length);
  });
  for (const [name, sent, received, merge] of TRUNK_GAUGES)
    gauge(name, (it, { trunkTraffic }) => {
      it.reset();
      for (const [focus, all] of byFocus(trunkTraffic)) {
        it.set({ focus, direction: 'sent' }, all.map(one => one[sent]).reduce(merge));
        it.set({ focus, direction: 'received' }, all.map(one => one[received]).reduce(merge));
      }
    });
  gauge('weir_trunk_layers', (it, { trunkTraffic }) => {
    it.reset();
    for (const [focus, all] of byFocus(trunkTraffic))
      it.set({ focus }, all.map(({ layersSent }) => layersSent).reduce(sumOf));
  });
  gauge('weir_trunk_round_trip_seconds', (it, { trunks }) => {
    it.reset();
    for (const [focus, ms] of longestRoundTrips(trunks)) it.set({ focus }, ms / 1000);
  });
  new Counter({
    name: 'weir_worker_restarts_total',
    help: METRICS.weir_worker_restarts_total.help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read?.().workerRestarts ?? 0);
    },
  });
  const invites = counter('weir_invites_total');
  const noRoom = counter('weir_newcomers_refused_total');
  const errors = counter('weir_errors_total');
  const counted = new Map<ErrorCode, CountedError>();
  const hangups = counter('weir_hangups_total');
  const negotiations = counter('weir_negotiations_total');
  const dataChannels = counter('weir_data_channels_opened_total');
  const dataMessages = counter('weir_data_messages_total');
  const received = counter('weir_to_device_received_total');
  const sent = counter('weir_to_device_sent_total');
  const homeserver = new Map(
    HOMESERVER_METRICS.map(name => [name.slice('weir_'.length, -'_total'.length), counter(name)]),
  );
  const tokens = counter('weir_signal_tokens_total');
  const handshakes = counter('weir_trunk_handshakes_total');
  const lines = new Gauge({
    name: 'weir_signal_lines',
    help: METRICS.weir_signal_lines.help,
    registers: [registry],
  });
  const linesClosed = counter('weir_signal_lines_closed_total');
  const joins = new Histogram({
    name: 'weir_join_seconds',
    help: METRICS.weir_join_seconds.help,
    buckets: JOIN_BUCKETS_S,
    registers: [registry],
  });

  return {
    invite: (outcome, code) => invites.inc({ outcome, code: boundedCode(code) }),
    noRoom: full => noRoom.inc({ full }),
    error: code => {
      errors.inc({ code: boundedCode(code) });
      counted.set(code, { code, count: (counted.get(code)?.count ?? 0) + 1, lastAt: Date.now() });
    },
    errors: () => [...counted.values()],
    hangup: code => hangups.inc({ code: boundedCode(code) }),
    negotiation: kind => negotiations.inc({ kind }),
    joined: durationMs => joins.observe(durationMs / 1000),
    dataChannel: outcome => dataChannels.inc({ outcome }),
    dataMessages: (outcome, count) => dataMessages.inc({ outcome }, count),
    received: type => received.inc({ type: boundedType(type) }),
    sent: (type, outcome) => sent.inc({ type: boundedType(type), outcome }),
    homeserver: (name, labels) => homeserver.get(name)?.inc(labels),
    token: code => tokens.inc({ code: boundedCode(code) }),
    lineOpened: () => lines.inc(),
    lineClosed: code => {
      lines.dec();
      linesClosed.inc({ code: boundedCode(code) });
    },
    handshake: outcome => handshakes.inc({ outcome: boundedCode(outcome) }),
    watch: next => {
      read = next;
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

function sumOf(one: number, other: number): number {
  return one + other;
}

function largestOf(one: number, other: number): number {
  return Math.max(one, other);
}

/** By user id of the focus; at least one of each. */
function byFocus(traffic: Figures['trunkTraffic']): Map<string, TrunkTraffic[]> {
  const grouped = Map.groupBy(traffic, ({ peer }) => peer.userId);
  return new Map([...grouped].map(([focus, all]) => [focus, all.map(one => one.traffic)]));
}

/** By user id of the focus. */
function longestRoundTrips(trunks: readonly TrunkFigures[]): Map<string, number> {
  const longest = new Map<string, number>();
  for (const { peer, roundTripMs } of trunks) {
    if (roundTripMs === undefined) continue;
    longest.set(peer.userId, Math.max(roundTripMs, longest.get(peer.userId) ?? 0));
  }
  return longest;
}

function boundedCode(code: string): string {
  return Object.hasOwn(ERRORS, code) || OTHER_CODES.has(code) ? code : 'other';
}

function boundedType(type: string): string {
  return TO_DEVICE_TYPES.has(type) ? type : 'other';
}
