import { describeFailure } from '../../setup/failure.mjs';
import type { Deployment } from '../deployment.ts';
import type { Call } from './call.ts';
import { Chromium } from './chromium.ts';
import { killOne, replaceKilled } from './phases/ghost.ts';
import { joinInTurn } from './phases/join.ts';
import { takePictures } from './phases/pictures.ts';
import { restartFocus } from './phases/restart.ts';
import { steadyCall } from './phases/steady.ts';
import { stopWorker } from './phases/stopped-worker.ts';
import { switchLayers } from './phases/switches.ts';
import { Progress } from './progress.ts';
import { judge, type Measured, nothingMeasured, WITH_ONE_FOCUS, WITH_TWO_FOCI } from './report.ts';
import { gapSpreadOf, spreadOf } from './statistics.ts';
import { versionsOf } from './versions.ts';

export interface CheckOptions {
  participants: number;
  /** How long the steady call is measured, s. */
  seconds: number;
  signal: AbortSignal;
}

/**
 * Joins a deployment with browsers and judges the call. Resolves to the exit code; stdout's last line is the result as JSON (see
 * `Result`). Rejects only with the reason of `signal`.
 */
export async function runCheck(deployment: Deployment, options: CheckOptions): Promise<number> {
  const { signal } = options;
  const progress = new Progress();
  const failures: string[] = [];
  const fail = (reason: string): void => {
    failures.push(reason);
    progress.complain(reason);
  };
  const measured = nothingMeasured(options.participants);
  try {
    await using chromium = await Chromium.start(signal);
    // What waits for a page is told at once.
    const close = (): void => {
      chromium.close().catch(() => undefined);
    };
    signal.addEventListener('abort', close, { once: true });
    try {
      const call: Call = { deployment, chromium, participants: [], progress, signal, fail };
      await measure(call, options.seconds, measured);
      for (const { name, complaints } of call.participants) {
        for (const complaint of complaints) fail(`the page of ${name} threw: ${complaint}`);
      }
    } finally {
      signal.removeEventListener('abort', close);
    }
  } catch (error) {
    signal.throwIfAborted();
    progress.complain(describeFailure(error));
    failures.push(error instanceof Error ? error.message : String(error));
  }
  const result = judge(measured, failures, deployment.foci.length > 1 ? WITH_TWO_FOCI : WITH_ONE_FOCUS);
  for (const missed of result.failures.slice(failures.length)) progress.complain(missed);
  console.log(JSON.stringify(result));
  return result.failures.length === 0 ? 0 : 1;
}

/** The phases, in an order in which none disturbs the next. What is measured lands in `measured` at once. */
async function measure(call: Call, seconds: number, measured: Measured): Promise<void> {
  measured.versions = await versionsOf(call.chromium, call.deployment.synapse.baseUrl);

  const joins = await joinInTurn(call);
  measured.first_frame_ms = spreadOf(joins.firstFrames) ?? null;
  measured.newcomer_ms = spreadOf(joins.newcomers) ?? null;

  const steady = await steadyCall(call, seconds);
  measured.pairs_with_audio = steady.pairsWithAudio;
  measured.pairs_with_video = steady.pairsWithVideo;
  measured.peer_connections_per_page = steady.peerConnectionsPerPage;
  measured.rss_mb = steady.rssMb;
  measured.cpu_percent = steady.cpuPercent;

  const { switches, gaps, idleGaps } = await switchLayers(call);
  measured.layer_switch_ms = spreadOf(switches) ?? null;
  measured.switch_gap_ms = gapSpreadOf(gaps) ?? null;
  measured.idle_gap_ms = gapSpreadOf(idleGaps) ?? null;

  await takePictures(call);

  measured.ghost_ms = roundOrNull(await killOne(call));
  const again = await replaceKilled(call);
  measured.rejoin_first_frame_ms = roundOrNull(again.firstFrames[0]);
  measured.rejoin_newcomer_ms = spreadOf(again.newcomers) ?? null;

  await stopWorker(call);
  measured.restart_ms = roundOrNull(await restartFocus(call));
}

function roundOrNull(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}
