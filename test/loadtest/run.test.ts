/** The load tester against the real focus, through a real Synapse that knows it as an application service. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinedMembers } from '../../demo/call-room.ts';
import { findFreePort } from '../../demo/free-port.ts';
import { loadScenario } from '../../loadtest/tester/cli/scenario-files.ts';
import { readRamp } from '../../loadtest/tester/cli/run-options.ts';
import { readResult } from '../../loadtest/tester/result-file.ts';
import type { RunResult, Sample } from '../../loadtest/tester/result.ts';
import { type LoadTestOptions, runLoadTest } from '../../loadtest/tester/run.ts';
import { joinRun } from '../../loadtest/tester/testers/join.ts';
import { type LoadDeployment, startLoadDeployment } from './deployment.ts';

/** A run takes half a minute; a busy machine is slow, and must not fail a test. */
const ENDS_WITHIN_MS = 220_000;
const TEST_MS = ENDS_WITHIN_MS + 20_000;
const ENGINE = process.env['WEIR_LOAD_PEER_BIN'] ?? '';
const owned = new AsyncDisposableStack();
let place: LoadDeployment;

beforeAll(async () => {
  place = owned.use(await startLoadDeployment());
});
afterAll(() => owned.disposeAsync());

function options(name: string, participants: number, more: Partial<LoadTestOptions> = {}): LoadTestOptions {
  const loaded = loadScenario(name);
  if (loaded.kind === 'bad') throw new Error(JSON.stringify(loaded.problems));
  const { scenario } = loaded;
  const { focus, synapse, registration } = place;
  return {
    scenario,
    homeserver: synapse.baseUrl,
    focus: { userId: focus.user.userId, deviceId: focus.user.deviceId },
    focusUrl: focus.baseUrl,
    via: 'to-device',
    access: { kind: 'appservice', registration },
    // A busy machine is slow to join; what is judged is the time after that.
    ramp: { ...readRamp({ participants, hold: 10, untilUnhappy: 100 }, scenario), settleMs: 60_000 },
    memberEvents: false,
    endpoint: 'native',
    local: { processes: 2, engine: ENGINE },
    bindAddress: '0.0.0.0',
    measured: {
      focus: { kind: 'metrics', url: `${focus.baseUrl}/metrics` },
      homeserver: { kind: 'pid', pid: synapse.pid() },
    },
    canary: false,
    signal: AbortSignal.timeout(ENDS_WITHIN_MS),
    ...more,
  };
}

function held({ samples, steps }: RunResult): Sample[] {
  const [step] = steps;
  return samples.filter(({ atMs }) => step !== undefined && atMs > step.fromMs && atMs <= step.toMs);
}

test(
  'ten meet for ten seconds: all see and hear each other, a browser decodes it, and nobody stays behind',
  async () => {
    const left: string[] = [];
    const told: string[] = [];
    const result = await runLoadTest(
      options('meeting', 10, {
        canary: { executablePath: process.env['WEIR_CHROMIUM'] ?? '/usr/bin/chromium' },
        tell: text => told.push(text),
        onSample: ({ connected }) => left.push(String(connected)),
      }),
    );
    expect(result.steps).toMatchObject([{ participants: 10 }]);
    const during = held(result);
    expect(during.length).toBeGreaterThan(3);
    const last = during.at(-1);
    expect(last).toMatchObject({ wanted: 10, invited: 10, connected: 10, receivers: 10, failed: 0 });
    // Each of ten sees the nine others.
    expect(Object.values(last?.layers ?? {}).reduce((sum, count) => sum + count, 0)).toBe(90);
    expect(Math.max(...during.map(({ packetsIn }) => packetsIn))).toBeGreaterThan(1_000);
    expect(result.joinMs?.count).toBe(10);
    expect(result.firstMediaMs?.count).toBe(10);
    expect(during.some(({ homeserver }) => (homeserver?.rssBytes ?? 0) > 0)).toBe(true);
    expect(during.some(({ focus }) => focus?.cpuPct !== undefined)).toBe(true);
    expect(during.every(({ tester }) => tester.cpuPct > 0)).toBe(true);
    expect(result.canary?.framesDecoded).toBeGreaterThan(100);
    expect(result.scenario).toMatchObject({ name: 'meeting', publishers: 10, most: 10 });
    // What it writes can be read, and compared with others.
    expect(readResult(JSON.stringify(result)).kind).toBe('ok');
    expect(told.at(-1)).toBe('end the call, and leave the room');

    await expect.poll(async () => participantsOf((await place.metrics()) ?? '')).toBe(0);
  },
  TEST_MS,
);

test(
  'by WebSocket, with people who leave and come back',
  async () => {
    const result = await runLoadTest(options('churn', 4, { via: 'ws', memberEvents: true }));
    const during = held(result);
    expect(during.some(({ connected }) => connected === 4)).toBe(true);
    // Sessions that came back have joined once more.
    expect(result.joinMs?.count).toBeGreaterThan(4);
    expect(during.at(-1)?.packetsIn).toBeGreaterThan(100);
  },
  TEST_MS,
);

test(
  'with tokens of users, in a room that is there already; interrupted, all leave',
  async () => {
    const { synapse, focus } = place;
    const host = await synapse.registerUser({ localpart: 'host' });
    const users = [];
    for (const name of ['one', 'two', 'three']) users.push(await synapse.registerUser({ localpart: name }));
    const room = await place.callRoom(host, users);
    const interrupted = new AbortController();
    const run = runLoadTest(
      options('webinar', 3, {
        access: { kind: 'tokens', devices: users },
        call: room,
        onSample: ({ packetsIn }) => {
          if (packetsIn > 50) interrupted.abort(new Error('interrupted'));
        },
        signal: interrupted.signal,
      }),
    );
    await expect(run).rejects.toThrow('interrupted');
    await expect.poll(async () => participantsOf((await place.metrics()) ?? '')).toBe(0);
    const members = await joinedMembers(synapse.baseUrl, host, room.roomId);
    // They were in the room before, and stay.
    expect(members.toSorted()).toEqual(
      [focus, host, ...users].map(one => ('user' in one ? one.user : one).userId).toSorted(),
    );
  },
  TEST_MS,
);

test(
  'two testers play one run',
  async () => {
    const port = await findFreePort();
    const token = 'known-to-both-testers';
    const signal = AbortSignal.timeout(ENDS_WITHIN_MS);
    const joined = joinRun({
      leader: `127.0.0.1:${port}`,
      token,
      local: { processes: 1, engine: ENGINE },
      tell: () => undefined,
      signal,
    });
    const lead = { host: '127.0.0.1', port, token, testers: 1 };
    const led = runLoadTest(options('webinar', 4, { lead, local: { processes: 1, engine: ENGINE }, signal }));
    // Where the one gives the other up, that one knows why.
    const [result] = await Promise.all([led, joined]);
    expect(result.testers).toBe(2);
    const during = held(result);
    expect(during.at(-1)).toMatchObject({ wanted: 4, connected: 4, receivers: 3 });
    // The speaker is played by the one, viewers by both.
    expect(Object.values(during.at(-1)?.layers ?? {}).reduce((sum, count) => sum + count, 0)).toBe(3);
  },
  TEST_MS,
);

/** Sessions that the focus holds. */
function participantsOf(metrics: string): number {
  return [...metrics.matchAll(/^weir_participants\{[^}]*\} (\d+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
