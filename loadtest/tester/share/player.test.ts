import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ReceivedTrack } from '../../peers/received-media.ts';
import type { PeerStack, ReportingEndpoint } from '../../peers/reporting-endpoint.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { ShareSetup } from './messages.ts';
import { type CallNow, Player } from './player.ts';

const scenario: Scenario = {
  schema: 1,
  name: 'test',
  description: 'A test.',
  roles: [{ name: 'viewer', publishes: {}, subscribes: { audio: true, video: [{ width: 160, height: 90 }] } }],
  presets: [{ participants: 1, joins_per_second: 1, settle_s: 1, hold_s: 1 }],
};
const setup: ShareSetup = {
  scenario,
  homeserver: 'http://hs',
  focus: { userId: '@f:x', deviceId: 'F' },
  room: { roomId: '!r:x', confId: 'c' },
  via: 'to-device',
  speaking: { kind: 'appservice', asToken: 'as' },
  memberEvents: false,
  endpoint: 'datachannel',
  bindAddress: '127.0.0.1',
};
const CALL: CallNow = { sinceHoldMs: 0, roleMembers: 1, othersPublish: true };
const DEVICE = { userId: '@a:x', deviceId: 'D', accessToken: 'as' };

interface Invite {
  call_id?: string;
  sender_session_id?: string;
}

interface Messages {
  '@f:x': { F: Invite };
}

let answers: () => Promise<Response>;
let failures: string[];
let invites: Invite[];
let tracks: ReceivedTrack[];
let player: Player;

const stack: PeerStack = {
  endpoint: (): ReportingEndpoint => ({
    camera: { width: 1, height: 1 },
    send: track => track.trackId,
    setLayers: () => undefined,
    setMuted: () => undefined,
    offer: () => Promise.resolve('v=0'),
    takeAnswer: () => Promise.resolve(),
    answer: () => Promise.resolve('v=0'),
    hasLocalOffer: () => false,
    sendControl: () => false,
    isConnected: () => true,
    close: () => undefined,
    report: () => ({ connected: true, tracks, sent: { packets: 0, bytes: 0, keyframesAsked: 0, repaired: 0 } }),
  }),
  refresh: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

beforeEach(() => {
  vi.useFakeTimers();
  invites = [];
  vi.stubGlobal('fetch', (_url: URL, { body = '' }: { body?: string }) => {
    const sent = body.includes('"offer"') ? (JSON.parse(body) as { messages: Messages }) : undefined;
    if (sent !== undefined) invites.push(sent.messages['@f:x'].F);
    return answers();
  });
  failures = [];
  tracks = [];
  player = new Player(setup, { index: 0, device: DEVICE }, { role: scenario.roles[0] ?? fail(), place: 0 }, stack, {
    joined: () => undefined,
    firstMedia: () => undefined,
    trouble: () => undefined,
    failed: message => failures.push(message),
  });
});
afterEach(async () => {
  const ended = player.end();
  await vi.advanceTimersByTimeAsync(60_000);
  await ended;
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function fail(): never {
  throw new Error('no role');
}

/** Acts and looks once a second; the verdicts. */
async function play(seconds: number): Promise<(string | undefined)[]> {
  const verdicts: (string | undefined)[] = [];
  for (let second = 0; second < seconds; second += 1) {
    player.act(CALL, performance.now());
    await vi.advanceTimersByTimeAsync(1_000);
    verdicts.push(player.look(CALL, performance.now()).unhappy);
  }
  return verdicts;
}

it('that is refused again and again is unhappy, however often it tries', async () => {
  answers = () => Promise.resolve(new Response('{"errcode":"M_FORBIDDEN"}', { status: 403 }));
  const verdicts = await play(12);
  expect(failures.length).toBeGreaterThan(3);
  expect(verdicts.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  expect(verdicts.slice(6)).toEqual(verdicts.slice(6).map(() => 'no_first_media'));
});

it('that the focus sends away has 5 s to come back', async () => {
  answers = () => Promise.resolve(new Response('{}'));
  tracks = [
    {
      streamId: 's',
      trackId: 't',
      kind: 'audio',
      packets: 50,
      bytes: 1,
      lost: 0,
      repaired: 0,
      jitterMs: 0,
      keyframes: 0,
      frames: 0,
      longestGapMs: 0,
      size: undefined,
    },
  ];
  expect(await play(8)).toEqual(Array.from({ length: 8 }, () => undefined));
  const { call_id, sender_session_id } = invites.at(-1) ?? {};
  answers = () => Promise.resolve(new Response('{"errcode":"M_FORBIDDEN"}', { status: 403 }));
  const content = { version: '1', call_id, dest_session_id: sender_session_id, reason: 'user_hangup' };
  player.hand({ ...DEVICE, type: 'm.call.hangup', sender: '@f:x', content });
  tracks = [];
  const verdicts = await play(9);
  expect(failures[0]).toBe('the focus ended a session: user_hangup');
  expect(verdicts.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  expect(verdicts.at(-1)).toBe('no_first_media');
});
