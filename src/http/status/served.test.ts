/** The status page and its JSON, as the web server serves them. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpConfig } from '../../../config/config.ts';
import { ERRORS } from '../../../signalling/wire/errors.ts';
import type { HttpDeps, Status } from '../deps.ts';
import { closeTestApps, IDLE, startTestApp, type TestApp } from '../fixtures/test-app.ts';

afterEach(closeTestApps);

const start = (config: Partial<HttpConfig> = {}, deps: Partial<HttpDeps> = {}): Promise<TestApp> =>
  startTestApp('/nowhere', config, deps);

const CONFERENCE = { roomId: '!room:example.org', confId: 'standup' };
const BUSY: Status = {
  ...IDLE,
  load: {
    ...IDLE.load,
    workers: [{ worker: 1, load: 0.375, routers: 2, participants: 9, consumers: 40 }],
  },
  conferences: [
    { conference: CONFERENCE, joining: 0, present: 2, silent: 1, remote: 3, tracks: 10, forwarded: 12, deficient: 1 },
  ],
  trunks: [
    {
      conference: CONFERENCE,
      peer: { userId: '@focus:there', deviceId: 'THERE' },
      state: 'open',
      code: undefined,
      roundTripMs: 41,
      traffic: {
        sent: 2_400_000,
        received: 600_000,
        mediaBytesSent: 12_000_000,
        mediaBytesReceived: 3_000_000,
        lossSent: 0.031,
        lossReceived: 0,
        roundTripMs: 38,
        tracksSent: 4,
        tracksReceived: 6,
        layersSent: 5,
      },
    },
  ],
  errors: [{ code: 'WEIR_BAD_SDP', count: 7, agoMs: 65_000 }],
};

describe('the status page', () => {
  it('shows focus, conferences, workers, trunks and errors', async () => {
    const { app } = await start({}, { status: () => BUSY });
    const answer = await app.inject('/status');
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    const text = answer.body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    for (const words of [
      '@focus:example.org · version 1.2.3 · up 5 s',
      'Participants here 2 1 silent',
      '38 % 2 conferences, 9 participants, 40 tracks out',
      '@focus:there THERE open 38 ms 2.4 Mbit/s 3.1 % lost 12.0 MB 600 kbit/s 0 % lost 3.0 MB 4 5 flow 6 !room:example.org standup',
      `WEIR_BAD_SDP 7 1 min 5 s ago ${ERRORS.WEIR_BAD_SDP.cause} ${ERRORS.WEIR_BAD_SDP.remedy}`,
    ])
      expect(text).toContain(words);
  });

  it('says why a trunk is not open', async () => {
    const [trunk] = BUSY.trunks;
    if (trunk === undefined) throw new Error('no trunk');
    const broken = { ...trunk, state: 'broken' as const, code: 'WEIR_TRUNK_UNREACHABLE' as const, traffic: undefined };
    const { app } = await start({}, { status: () => ({ ...BUSY, trunks: [broken] }) });
    const { body } = await app.inject('/status');
    expect(body).toContain('WEIR_TRUNK_UNREACHABLE');
    expect(body).toContain('it is tried every 2 s');
  });

  it('is markup of ours alone, whatever rooms and foci are called', async () => {
    const evil = '<img src=x onerror=alert(1)>"\'&';
    const { app } = await start(
      {},
      {
        status: () => ({
          ...BUSY,
          conferences: BUSY.conferences.map(one => ({ ...one, conference: { roomId: evil, confId: evil } })),
          trunks: BUSY.trunks.map(one => ({ ...one, peer: { userId: evil, deviceId: evil } })),
        }),
        focusIdentity: () => ({ userId: evil, deviceId: evil }),
      },
    );
    const { body } = await app.inject('/status');
    expect(body).not.toContain('<img');
    expect(body.split('&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;').length).toBeGreaterThan(4);
  });

  it('may run its own script and style alone, which stand in it as the policy has them', async () => {
    const { app } = await start();
    const { body, headers } = await app.inject('/status');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    for (const [directive, text] of [
      ['script-src', /<script>([^]*?)<\/script>/.exec(body)?.[1]],
      ['style-src', /<style>([^]*?)<\/style>/.exec(body)?.[1]],
    ] as const) {
      const hash = createHash('sha256')
        .update(text ?? '')
        .digest('base64');
      expect(policy).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect(body).not.toMatch(/<[^>]*\s(style|on\w+)=/);
  });

  it('tells before the homeserver was reached what it can', async () => {
    const starting = { homeserver: { kind: 'starting' }, workers: { alive: 1, wanted: 2 }, overload: 'calm' } as const;
    const { app } = await start({}, { readiness: () => starting, focusIdentity: () => undefined });
    const { statusCode, body } = await app.inject('/status');
    expect(statusCode).toBe(200);
    for (const words of ['not ready', 'WEIR_STARTING', 'WEIR_WORKER_DIED', '1 of 2 alive'])
      expect(body).toContain(words);
  });
});

describe('status and its JSON', () => {
  it('say the same', async () => {
    const { app } = await start({}, { status: () => BUSY });
    const body: { trunks: object[]; totals: object; ready: boolean } = (await app.inject('/status.json')).json();
    expect(body).toMatchObject({ ready: true, totals: { present: 2, remote: 3, trunks: 1 } });
    expect(body.trunks).toMatchObject([{ user_id: '@focus:there', state: 'open', traffic: { sent_bps: 2_400_000 } }]);
  });

  it.each(['/status', '/status.json'])('%s is for whom the metrics are', async url => {
    const code = async (config: Partial<HttpConfig>, remoteAddress: string, headers: Record<string, string> = {}) => {
      const { app } = await start(config);
      return (await app.inject({ url, remoteAddress, headers })).statusCode;
    };
    const office = { metrics: { enabled: true, allow: ['192.0.2.0/24'] } };
    expect(await code({}, '127.0.0.1')).toBe(200);
    expect(await code({}, '192.0.2.1')).toBe(403);
    expect(await code({}, '127.0.0.1', { 'x-forwarded-for': '203.0.113.1' })).toBe(403);
    expect(await code(office, '192.0.2.1')).toBe(200);
    expect(await code({ metrics: { enabled: false, allow: ['127.0.0.1'] } }, '127.0.0.1')).toBe(404);
  });
});
