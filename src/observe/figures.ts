/** Every metric's name, kind, labels and meaning; the registry and docs/operating.md come from here. */
import type { MediaFigures, MediaHandles, TrunkFigures, TrunkTraffic } from '../ports.ts';
import type { FocusId } from '../session.ts';

export interface MetricNotes {
  kind: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  help: string;
}

export const METRICS = {
  weir_conferences: { kind: 'gauge', labels: [], help: 'Conferences with at least one participant.' },
  weir_participants: {
    kind: 'gauge',
    labels: ['state'],
    help: 'Participants: joining (media not up yet), present, silent (not heard, session kept).',
  },
  weir_remote_participants: {
    kind: 'gauge',
    labels: [],
    help: 'Participants that are on other foci and come by trunks.',
  },
  weir_publications: { kind: 'gauge', labels: [], help: 'Tracks that participants publish.' },
  weir_subscriptions: { kind: 'gauge', labels: [], help: 'Tracks that viewers are sent or offered.' },
  weir_viewers_deficient: {
    kind: 'gauge',
    labels: [],
    help: 'Participants who do not get all that they want at the size that they draw it: their link does not carry it, or the focus has too much to do.',
  },
  weir_videos_paused: { kind: 'gauge', labels: [], help: 'Wanted videos that a link does not carry at all.' },
  weir_videos_shed: {
    kind: 'gauge',
    labels: [],
    help: 'Wanted videos that are paused because the focus has too much to do.',
  },
  weir_video_share: {
    kind: 'gauge',
    labels: [],
    help: 'Share of their video that viewers on the fullest media worker get, 0 to 1: below 1 while the focus sheds.',
  },
  weir_overload_level: {
    kind: 'gauge',
    labels: ['part'],
    help: 'What the focus does about its load: 0 calm, 1 careful (newcomers are refused), 2 shedding (and viewers get less video). Of the fullest media worker (worker), and of the process that signals (process).',
  },
  weir_event_loop_lag_seconds: {
    kind: 'gauge',
    labels: [],
    help: 'How late the event loop of the process that signals is, of a hundred turns the second latest, averaged over some seconds.',
  },
  weir_newcomers_refused_total: {
    kind: 'counter',
    labels: ['full'],
    help: 'Newcomers for whom there was no room, by what is full: process, worker, newcomer (the worker has room, but not for so much), conferences, participants. By every door: who asks for a token first counts twice.',
  },
  weir_mailbox_depth: { kind: 'gauge', labels: [], help: 'Inputs that wait in the mailboxes of conferences.' },
  weir_homeserver_up: { kind: 'gauge', labels: [], help: '1 while the homeserver answers, else 0.' },
  weir_worker_alive: { kind: 'gauge', labels: [], help: 'Media worker processes alive.' },
  weir_worker_wanted: { kind: 'gauge', labels: [], help: 'Media worker processes that there should be.' },
  weir_worker_restarts_total: { kind: 'counter', labels: [], help: 'Media workers that died and were replaced.' },
  weir_worker_load: {
    kind: 'gauge',
    labels: ['worker'],
    help: 'How busy a media worker is: its share of a core over the last seconds, 0 to 1.',
  },
  weir_worker_routers: {
    kind: 'gauge',
    labels: ['worker'],
    help: 'Routers on a media worker: one for each conference that has participants there.',
  },
  weir_worker_participants: {
    kind: 'gauge',
    labels: ['worker'],
    help: 'Participants whose media is on a worker, joining ones included.',
  },
  weir_worker_consumers: {
    kind: 'gauge',
    labels: ['worker'],
    help: 'Tracks that a media worker sends or could send at once, to clients and to other workers.',
  },
  weir_router_links: {
    kind: 'gauge',
    labels: [],
    help: 'Pairs of routers of one conference, on two workers, between which tracks are piped.',
  },
  weir_piped_tracks: {
    kind: 'gauge',
    labels: [],
    help: 'Tracks that are piped from one worker to another, counted once for each worker that they go to.',
  },
  weir_media_handles: {
    kind: 'gauge',
    labels: ['kind'],
    help: 'What the media engine has open: router, transport, producer, consumer, data_producer, data_consumer, rtp_observer; listener: those on worker processes. Without participants all are as at the start.',
  },
  weir_invites_total: {
    kind: 'counter',
    labels: ['outcome', 'code'],
    help: 'Invites: admitted, refused or bad, with the error code or none.',
  },
  weir_errors_total: { kind: 'counter', labels: ['code'], help: 'Errors by code.' },
  weir_hangups_total: {
    kind: 'counter',
    labels: ['code'],
    help: 'Sessions that ended, by error code; client where the client hung up.',
  },
  weir_negotiations_total: {
    kind: 'counter',
    labels: ['kind'],
    help: 'Offers of clients answered, offers of the focus made, negotiations failed.',
  },
  weir_signal_tokens_total: {
    kind: 'counter',
    labels: ['code'],
    help: 'Tokens for WebSockets that were asked for, by the error code of the refusal; none where one was given.',
  },
  weir_signal_lines: { kind: 'gauge', labels: [], help: 'WebSockets of clients that have said who they are.' },
  weir_signal_lines_closed_total: {
    kind: 'counter',
    labels: ['code'],
    help: 'Such WebSockets that ended, by error code; client where the focus had no reason.',
  },
  weir_trunks: {
    kind: 'gauge',
    labels: ['state'],
    help: 'Trunks to other foci, one for each conference and focus: calling (no WebSocket yet), open, broken (cut, and tried again), refused.',
  },
  weir_trunk_round_trip_seconds: {
    kind: 'gauge',
    labels: ['focus'],
    help: 'Round trip of the WebSocket of a trunk, the longest to each focus.',
  },
  weir_trunk_bits_per_second: {
    kind: 'gauge',
    labels: ['focus', 'direction'],
    help: 'Media that crosses the trunks to and from each focus, sent and received, retransmissions and probing included.',
  },
  weir_trunk_media_bytes: {
    kind: 'gauge',
    labels: ['focus', 'direction'],
    help: 'Bytes of media that crossed the trunks that are open now, probing not included.',
  },
  weir_trunk_loss: {
    kind: 'gauge',
    labels: ['focus', 'direction'],
    help: 'Share of the latest packets that were lost, 0 to 1; the largest of the trunks to and from each focus.',
  },
  weir_trunk_tracks: {
    kind: 'gauge',
    labels: ['focus', 'direction'],
    help: 'Tracks that are offered to each focus (sent), and taken from it (received), whether they flow or not.',
  },
  weir_trunk_layers: {
    kind: 'gauge',
    labels: ['focus'],
    help: 'Streams that flow to each focus now: a layer of a video each, or a voice.',
  },
  weir_trunk_handshakes_total: {
    kind: 'counter',
    labels: ['outcome'],
    help: 'What came of handshakes of trunks, ours and theirs: opened, resumed after a cut, or the error code of the refusal.',
  },
  weir_to_device_received_total: { kind: 'counter', labels: ['type'], help: 'To-device messages read, by type.' },
  weir_to_device_sent_total: {
    kind: 'counter',
    labels: ['type', 'outcome'],
    help: 'To-device messages sent or given up, by type.',
  },
  weir_matrix_syncs_total: { kind: 'counter', labels: ['outcome'], help: 'Requests to /sync by outcome.' },
  weir_matrix_send_retries_total: {
    kind: 'counter',
    labels: [],
    help: 'Repeated attempts to send a to-device message.',
  },
  weir_matrix_state_ignored_total: {
    kind: 'counter',
    labels: ['reason'],
    help: 'State events that were not believed, by reason.',
  },
  weir_matrix_invites_total: { kind: 'counter', labels: ['outcome'], help: 'Invitations to rooms by outcome.' },
  weir_matrix_batches_failed_total: {
    kind: 'counter',
    labels: [],
    help: 'Sync batches that could not be taken; they are skipped.',
  },
  weir_data_channels: {
    kind: 'gauge',
    labels: ['kind'],
    help: 'Data channels of applications: published, those on other foci among them, and forwarded, to clients and other foci.',
  },
  weir_data_channels_opened_total: {
    kind: 'counter',
    labels: ['outcome'],
    help: 'Data channels that clients opened: accepted or refused.',
  },
  weir_data_messages_total: {
    kind: 'counter',
    labels: ['outcome'],
    help: 'Messages of application data: forwarded, or dropped as too_large, too_fast or no_channel; slow_subscriber: forwarded, and dropped for one subscriber. What the media worker drops of a flood is not counted.',
  },
  weir_join_seconds: {
    kind: 'histogram',
    labels: [],
    help: 'From the invite to a participant whose media is up, in seconds.',
  },
} as const satisfies Record<string, MetricNotes>;

export type MetricName = keyof typeof METRICS;

/** How much the focus has to do. */
export interface OverloadFigures {
  /** 0 calm, 1 careful, 2 shedding. */
  process: number;
  worker: number;
  /** Of video that viewers get, 0 to 1. */
  videoShare: number;
  lagMs: number;
}

/** What a scrape reads at that moment. */
export interface Figures {
  conferences: number;
  participants: { joining: number; present: number; silent: number };
  remoteParticipants: number;
  publications: number;
  subscriptions: number;
  viewersDeficient: number;
  videosPaused: number;
  videosShed: number;
  overload: OverloadFigures;
  dataChannels: { published: number; forwarded: number };
  mailboxDepth: number;
  homeserverUp: boolean;
  workersAlive: number;
  workersWanted: number;
  /** Since the start of the process. */
  workerRestarts: number;
  mediaHandles: Readonly<MediaHandles>;
  media: MediaFigures;
  trunks: readonly TrunkFigures[];
  trunkTraffic: readonly { peer: FocusId; traffic: TrunkTraffic }[];
}
