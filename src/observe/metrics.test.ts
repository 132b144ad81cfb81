import { describe, expect, it } from 'vitest';
import { type Figures, METRICS } from './figures.ts';
import { createMetrics } from './metrics.ts';
import type { TrunkFigures } from '../ports.ts';

const FIGURES: Figures = {
  conferences: 2,
  participants: { joining: 1, present: 3, silent: 4 },
  remoteParticipants: 2,
  publications: 5,
  subscriptions: 6,
  viewersDeficient: 7,
  videosPaused: 8,
  videosShed: 12,
  overload: { process: 1, worker: 2, videoShare: 0.35, lagMs: 40 },
  dataChannels: { published: 3, forwarded: 12 },
  mailboxDepth: 7,
  homeserverUp: true,
  workersAlive: 8,
  workersWanted: 9,
  workerRestarts: 10,
  mediaHandles: {
    router: 1,
    transport: 4,
    producer: 2,
    consumer: 6,
    data_producer: 8,
    data_consumer: 9,
    rtp_observer: 2,
    listener: 5,
  },
  media: {
    workers: [
      { worker: 1, load: 0.25, routers: 2, participants: 3, consumers: 14 },
      { worker: 2, load: 0.5, routers: 1, participants: 1, consumers: 5 },
    ],
    links: 1,
    pipedTracks: 6,
  },
  trunkTraffic: [traffic('@a:one', 1_000, 0.1), traffic('@a:one', 500, 0.2)],
  trunks: [trunk('@a:one', 'open', 20), trunk('@a:one', 'open', 30), trunk('@b:two', 'broken')],
};

function trunk(userId: string, state: TrunkFigures['state'], roundTripMs?: number): TrunkFigures {
  return {
    conference: { roomId: '!r', confId: 'c' },
    peer: { userId, deviceId: 'D' },
    state,
    code: undefined,
    roundTripMs,
  };
}

function traffic(userId: string, sent: number, lossSent: number): Figures['trunkTraffic'][number] {
  return {
    peer: { userId, deviceId: 'D' },
    traffic: {
      sent,
      received: 7,
      mediaBytesSent: 100,
      mediaBytesReceived: 0,
      lossSent,
      lossReceived: 0,
      roundTripMs: 5,
      tracksSent: 3,
      tracksReceived: 2,
      layersSent: 4,
    },
  };
}

it('reads its gauges at each scrape', async () => {
  const metrics = createMetrics(false);
  let figures = FIGURES;
  metrics.watch(() => figures);
  const first = await metrics.render();
  for (const line of [
    'weir_conferences 2',
    'weir_participants{state="joining"} 1',
    'weir_participants{state="present"} 3',
    'weir_participants{state="silent"} 4',
    'weir_remote_participants 2',
    'weir_trunk_bits_per_second{focus="@a:one",direction="sent"} 1500',
    'weir_trunk_bits_per_second{focus="@a:one",direction="received"} 14',
    'weir_trunk_loss{focus="@a:one",direction="sent"} 0.2',
    'weir_trunk_tracks{focus="@a:one",direction="sent"} 6',
    'weir_trunk_layers{focus="@a:one"} 8',
    'weir_publications 5',
    'weir_subscriptions 6',
    'weir_viewers_deficient 7',
    'weir_videos_paused 8',
    'weir_data_channels{kind="published"} 3',
    'weir_data_channels{kind="forwarded"} 12',
    'weir_mailbox_depth 7',
    'weir_homeserver_up 1',
    'weir_worker_alive 8',
    'weir_worker_wanted 9',
    'weir_worker_restarts_total 10',
    'weir_trunks{state="open"} 2',
    'weir_trunks{state="calling"} 0',
    'weir_trunk_round_trip_seconds{focus="@a:one"} 0.03',
    'weir_media_handles{kind="transport"} 4',
    'weir_media_handles{kind="listener"} 5',
    'weir_worker_load{worker="1"} 0.25',
    'weir_worker_load{worker="2"} 0.5',
    'weir_worker_routers{worker="1"} 2',
    'weir_worker_participants{worker="1"} 3',
    'weir_worker_consumers{worker="2"} 5',
    'weir_router_links 1',
    'weir_piped_tracks 6',
  ]) {
    expect(first.split('\n')).toContain(line);
  }
  const [, ...others] = FIGURES.media.workers;
  const media = { ...FIGURES.media, workers: others };
  figures = { ...FIGURES, conferences: 0, homeserverUp: false, workerRestarts: 11, media };
  const second = (await metrics.render()).split('\n');
  expect(second).toContain('weir_conferences 0');
  expect(second).toContain('weir_homeserver_up 0');
  // A worker that died is not told of any more.
  expect(second.filter(line => line.startsWith('weir_worker_load{'))).toEqual(['weir_worker_load{worker="2"} 0.5']);
  expect(second).toContain('weir_worker_restarts_total 11');
});

it('counts', async () => {
  const metrics = createMetrics(false);
  metrics.invite('admitted', 'none');
  metrics.invite('refused', 'WEIR_NOT_JOINED');
  metrics.invite('refused', 'WEIR_NOT_JOINED');
  metrics.error('WEIR_BAD_SDP');
  metrics.hangup('client');
  metrics.negotiation('client-offer');
  metrics.dataChannel('accepted');
  metrics.dataMessages('forwarded', 1);
  metrics.dataMessages('forwarded', 1);
  metrics.dataMessages('slow_subscriber', 7);
  metrics.joined(640);
  metrics.token('none');
  metrics.token('WEIR_OPENID_REFUSED');
  metrics.lineOpened();
  metrics.lineOpened();
  metrics.lineClosed('WEIR_REPLACED');
  metrics.received('m.call.invite');
  metrics.sent('m.call.answer', 'ok');
  const lines = (await metrics.render()).split('\n');
  for (const line of [
    'weir_data_channels_opened_total{outcome="accepted"} 1',
    'weir_data_messages_total{outcome="forwarded"} 2',
    'weir_data_messages_total{outcome="slow_subscriber"} 7',
    'weir_signal_tokens_total{code="none"} 1',
    'weir_signal_tokens_total{code="WEIR_OPENID_REFUSED"} 1',
    'weir_signal_lines 1',
    'weir_signal_lines_closed_total{code="WEIR_REPLACED"} 1',
    'weir_invites_total{outcome="admitted",code="none"} 1',
    'weir_invites_total{outcome="refused",code="WEIR_NOT_JOINED"} 2',
    'weir_errors_total{code="WEIR_BAD_SDP"} 1',
    'weir_hangups_total{code="client"} 1',
    'weir_negotiations_total{kind="client-offer"} 1',
    'weir_join_seconds_bucket{le="0.5"} 0',
    'weir_join_seconds_bucket{le="0.7"} 1',
    'weir_to_device_received_total{type="m.call.invite"} 1',
    'weir_to_device_sent_total{type="m.call.answer",outcome="ok"} 1',
  ]) {
    expect(lines).toContain(line);
  }
});

it('remembers errors by code, and when each came last', () => {
  const metrics = createMetrics(false);
  const before = Date.now();
  for (const code of ['WEIR_BAD_SDP', 'WEIR_OVERLOADED', 'WEIR_BAD_SDP'] as const) metrics.error(code);
  expect(metrics.errors().map(({ code, count }) => [code, count])).toEqual([
    ['WEIR_BAD_SDP', 2],
    ['WEIR_OVERLOADED', 1],
  ]);
  expect(metrics.errors().every(({ lastAt }) => lastAt >= before && lastAt <= Date.now())).toBe(true);
});

it("a stranger's words never become labels", async () => {
  const metrics = createMetrics(false);
  for (let index = 0; index < 1_000; index++) metrics.received(`m.call.invented${index}`);
  metrics.received('__proto__');
  const lines = (await metrics.render()).split('\n').filter(line => line.startsWith('weir_to_device_received_total'));
  expect(lines).toEqual(['weir_to_device_received_total{type="other"} 1001']);
});

describe('what is documented is what is served', () => {
  it('by name, kind and meaning', async () => {
    const metrics = createMetrics(false);
    metrics.watch(() => FIGURES);
    const text = await metrics.render();
    const served = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);
    expect(served.sort()).toEqual(
      Object.entries(METRICS)
        .map(([name, { kind }]) => `${name} ${kind}`)
        .sort(),
    );
  });

  it('with memory, CPU and the event loop of the process', async () => {
    const text = await createMetrics().render();
    for (const name of [
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_p99_seconds',
    ]) {
      expect(text).toContain(`\n${name} `);
    }
  });
});
