/** What the status page shows, put together from those who know it. */
import type { Status, TrunkStatus } from '../http/deps.ts';
import type { CountedError } from '../observe/metrics.ts';
import { NOTHING_MEASURED } from '../overload/watch.ts';
import type { TrunkFigures, TrunkTraffic, WorkerFigures } from '../ports.ts';
import type { ConferenceOverview, Focus } from '../runtime/focus.ts';
import { keyOfConference, keyOfDevice } from '../session.ts';
import { overloadFigures, worstWorkerLevel } from './overload.ts';

interface StatusParts {
  /** Undefined until the homeserver knows it. */
  focus: Pick<Focus, 'overview' | 'overload'> | undefined;
  trunks: readonly TrunkFigures[];
  workers: readonly WorkerFigures[];
  errors: readonly CountedError[];
  /** ms since 1970. */
  now: number;
}

export function statusOf({ focus, trunks, workers, errors, now }: StatusParts): Status {
  const overview = focus?.overview() ?? [];
  const overload = focus?.overload ?? NOTHING_MEASURED;
  const { lagMs, videoShare } = overloadFigures(overload);
  return {
    uptimeMs: process.uptime() * 1_000,
    load: { process: overload.process.kind, worker: worstWorkerLevel(overload), lagMs, videoShare, workers },
    conferences: overview.map(({ id, counts }) => ({
      conference: id,
      joining: counts.joining,
      present: counts.present,
      silent: counts.silent,
      remote: counts.remote,
      tracks: counts.tracks,
      forwarded: counts.forwarded,
      deficient: counts.viewersDeficient,
    })),
    trunks: withTraffic(trunks, overview),
    errors: errors.map(({ code, count, lastAt }) => ({ code, count, agoMs: Math.max(0, now - lastAt) })),
  };
}

function withTraffic(trunks: readonly TrunkFigures[], overview: readonly ConferenceOverview[]): TrunkStatus[] {
  const crossing = new Map<string, TrunkTraffic>();
  for (const { id, trunkTraffic } of overview)
    for (const { peer, traffic } of trunkTraffic) crossing.set(`${keyOfConference(id)} ${keyOfDevice(peer)}`, traffic);
  return trunks.map(trunk => ({
    ...trunk,
    traffic: crossing.get(`${keyOfConference(trunk.conference)} ${keyOfDevice(trunk.peer)}`),
  }));
}
