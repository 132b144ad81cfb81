import { describe, expect, it } from 'vitest';
import type { TrunkTraffic } from '../../ports.ts';
import type { ConferenceStatus, Readiness, Status, TrunkStatus } from '../deps.ts';
import { statusBody } from './body.ts';

const WELL: Readiness = { homeserver: { kind: 'up' }, workers: { alive: 1, wanted: 1 }, overload: 'calm' };
const FOCUS = { identity: { userId: '@focus:here', deviceId: 'WEIR' }, version: '1.2.3' };
const TRAFFIC: TrunkTraffic = {
  sent: 1_500_000.4,
  received: 20_000,
  mediaBytesSent: 4_000,
  mediaBytesReceived: 300,
  lossSent: 0.05,
  lossReceived: 0,
  roundTripMs: 23.456,
  tracksSent: 4,
  tracksReceived: 2,
  layersSent: 5,
};

function conference(confId: string, more: Partial<ConferenceStatus> = {}): ConferenceStatus {
  const nobody = { joining: 0, present: 0, silent: 0, remote: 0, tracks: 0, forwarded: 0, deficient: 0 };
  return { conference: { roomId: '!room:here', confId }, ...nobody, ...more };
}

function trunk(confId: string, more: Partial<TrunkStatus> = {}): TrunkStatus {
  return {
    conference: { roomId: '!room:here', confId },
    peer: { userId: '@focus:there', deviceId: 'THERE' },
    state: 'open',
    code: undefined,
    roundTripMs: 12,
    traffic: undefined,
    ...more,
  };
}

function status(more: Partial<Status> = {}): Status {
  return {
    uptimeMs: 61_500,
    load: { process: 'calm', worker: 'calm', lagMs: 1.6, videoShare: 1, workers: [] },
    conferences: [],
    trunks: [],
    errors: [],
    ...more,
  };
}

describe('the body', () => {
  it('sums up all conferences, and lists the largest first', () => {
    const body = statusBody(
      status({
        conferences: [
          conference('small', { present: 1, tracks: 2 }),
          conference('large', { joining: 1, present: 3, silent: 1, remote: 4, tracks: 8, forwarded: 20, deficient: 2 }),
        ],
        trunks: [trunk('large')],
      }),
      WELL,
      FOCUS,
    );
    expect(body).toMatchObject({ ready: true, user_id: '@focus:here', version: '1.2.3', uptime_s: 61 });
    expect(body.totals).toEqual({
      conferences: 2,
      joining: 1,
      present: 4,
      silent: 1,
      remote: 4,
      tracks: 10,
      forwarded: 20,
      viewers_deficient: 2,
      trunks: 1,
    });
    expect(body.conferences.map(({ conf_id, trunks }) => [conf_id, trunks])).toEqual([
      ['large', 1],
      ['small', 0],
    ]);
  });

  it('lists a hundred of each at most, and counts all', () => {
    const many = Array.from({ length: 250 }, (_, index) => index);
    const body = statusBody(
      status({
        conferences: many.map(index => conference(`c${index}`, { present: index })),
        trunks: many.map(index => trunk(`c${index}`)),
      }),
      WELL,
      FOCUS,
    );
    expect([body.conferences.length, body.totals.conferences]).toEqual([100, 250]);
    expect([body.trunks.length, body.totals.trunks]).toEqual([100, 250]);
    expect(body.conferences[0]?.conf_id).toBe('c249');
  });

  it('puts trunks that need a look first, then those that carry most', () => {
    const { trunks } = statusBody(
      status({
        trunks: [
          trunk('idle', { traffic: { ...TRAFFIC, sent: 0, received: 0 } }),
          trunk('busy', { traffic: TRAFFIC }),
          trunk('cut', { state: 'broken', code: 'WEIR_TRUNK_UNREACHABLE', roundTripMs: undefined }),
        ],
      }),
      WELL,
      FOCUS,
    );
    expect(trunks.map(({ conf_id }) => conf_id)).toEqual(['cut', 'busy', 'idle']);
    expect(trunks[0]).toEqual({
      room_id: '!room:here',
      conf_id: 'cut',
      user_id: '@focus:there',
      device_id: 'THERE',
      state: 'broken',
      code: 'WEIR_TRUNK_UNREACHABLE',
    });
    expect(trunks[1]).toMatchObject({
      round_trip_ms: 12,
      traffic: { sent_bps: 1_500_000, loss_sent: 0.05, tracks_sent: 4, layers_sent: 5, round_trip_ms: 23.5 },
    });
  });

  it('counts errors, the most frequent first', () => {
    const { errors } = statusBody(
      status({
        errors: [
          { code: 'WEIR_BAD_SDP', count: 1, agoMs: 2_900 },
          { code: 'WEIR_OVERLOADED', count: 9, agoMs: 60_000 },
        ],
      }),
      WELL,
      FOCUS,
    );
    expect(errors).toEqual([
      { code: 'WEIR_OVERLOADED', count: 9, last_s_ago: 60 },
      { code: 'WEIR_BAD_SDP', count: 1, last_s_ago: 2 },
    ]);
  });

  it('says what is wrong, and names no focus before there is one', () => {
    const down: Readiness = { ...WELL, homeserver: { kind: 'starting' } };
    const body = statusBody(status(), down, { identity: undefined, version: '1.2.3' });
    expect(body).toMatchObject({
      ready: false,
      reasons: [{ code: 'WEIR_STARTING' }],
      workers: { alive: 1, wanted: 1 },
    });
    expect(body).not.toHaveProperty('user_id');
  });
});
