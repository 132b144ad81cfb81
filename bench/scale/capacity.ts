/** The largest webinar, meeting and audio room that a focus holds, on a machine that it shares with the load. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../demo/check/progress.ts';
import { FOCUS_DEVICE_ID } from '../../demo/site.ts';
import { findFreePort } from '../../demo/free-port.ts';
import { loadScenario } from '../../loadtest/tester/cli/scenario-files.ts';
import { newRegistration, writeRegistration } from '../../loadtest/tester/homeserver/registration.ts';
import type { RunResult } from '../../loadtest/tester/result.ts';
import { runLoadTest } from '../../loadtest/tester/run.ts';
import type { CapacityScenario } from './capacity-figures.ts';
import { ScalePlace } from './place.ts';

export interface CapacityOptions {
  /** The first steps alone, held shorter: tries the bench, and finds no most. */
  quick: boolean;
  stateDir: string;
  workerBin: string;
  synapsePython: string;
  /** Engine of the participants. */
  loadPeer: string;
  signal: AbortSignal;
  progress: Progress;
}

/** Numbers of participants: about a fifth more with each step. */
const STEPS: Record<CapacityScenario, readonly number[]> = {
  webinar: [10, 50, 100, 150, 200, 250, 300, 400, 500, 600, 750, 900],
  meeting: [5, 10, 15, 20, 25, 30, 35, 40, 50, 60],
  'audio-room': [10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500],
};
const QUICK_STEPS = 3;
const JOINS_PER_SECOND = 10;
const SETTLE_MS = 10_000;
const HOLD_MS = 8_000;
const MOST_UNHAPPY_PCT = 1;
const TELL_EVERY_MS = 10_000;

/** Each with a homeserver and a focus of its own. Rejects where the run cannot be made. */
export async function findCapacity(name: CapacityScenario, options: CapacityOptions): Promise<RunResult> {
  const { quick, signal, progress } = options;
  const loaded = loadScenario(name);
  if (loaded.kind === 'bad') throw new Error(`${name}: ${JSON.stringify(loaded.problems)}`);
  const stateDir = join(options.stateDir, name);
  await mkdir(stateDir, { recursive: true });
  const registration = newRegistration(`http://127.0.0.1:${await findFreePort()}`, 'load-');
  const file = join(stateDir, 'loadtest.yaml');
  await writeFile(file, writeRegistration(registration), { mode: 0o600 });
  await using place = await ScalePlace.start({
    ...options,
    stateDir,
    // How many it could hold: who has too much to do would refuse newcomers before anybody is unhappy.
    config: { overload: { enabled: false } },
    homeserverConfig: {
      app_service_config_files: [file],
      experimental_features: { msc2409_to_device_messages_enabled: true },
    },
  });
  let toldAt = -TELL_EVERY_MS;
  return await runLoadTest({
    scenario: loaded.scenario,
    homeserver: place.synapse.baseUrl,
    focus: { userId: place.focus.user.userId, deviceId: FOCUS_DEVICE_ID },
    via: 'ws',
    focusUrl: place.focus.baseUrl,
    access: { kind: 'appservice', registration },
    ramp: {
      steps: quick ? STEPS[name].slice(0, QUICK_STEPS) : STEPS[name],
      joinsPerSecond: JOINS_PER_SECOND,
      settleMs: SETTLE_MS,
      holdMs: quick ? HOLD_MS / 2 : HOLD_MS,
      mostUnhappyPct: MOST_UNHAPPY_PCT,
    },
    endpoint: 'native',
    // The focus takes the other core.
    local: { processes: 1, engine: options.loadPeer },
    memberEvents: false,
    bindAddress: '127.0.0.1',
    measured: {
      focus: { kind: 'pid', pid: place.focus.pid() },
      homeserver: { kind: 'pid', pid: place.synapse.pid() },
    },
    // A browser would take more of the machine than hundreds of peers.
    canary: false,
    tell: text => progress.tell(`${name}: ${text}`),
    onSample: ({ atMs, wanted, connected, focus, tester }) => {
      if (atMs - toldAt < TELL_EVERY_MS) return;
      toldAt = atMs;
      const pct = (value: number | undefined): string => (value === undefined ? '?' : value.toFixed(0));
      progress.tell(
        `${name}: ${connected} of ${wanted} have media; % of a core: worker ${pct(focus?.workerPct)}, Node ${pct(focus?.nodePct)}, ` +
          `tester ${pct(tester.cpuPct)}`,
      );
    },
    signal,
  });
}
