/** Calls where the plain way is shut: over TCP, and by the homeserver's relays (TURN) alone. */
import { join } from 'node:path';
import type { Call } from '../../demo/check/call.ts';
import { CallPages } from '../../demo/check/call-pages.ts';
import type { SelectedPath } from '../../demo/check/page-report.ts';
import { Coturn } from '../../demo/coturn.ts';
import { type DeploymentOptions, startDeployment } from '../../demo/deployment.ts';
import { FarHost } from '../../demo/far-host.ts';
import { countInCall } from './page-call.ts';
import { type Objection, type PairCount, unseen } from './page-pairs.ts';

/** Pairs of people, one of whom sees and hears the other, while the media of both goes that way. */
export interface Paths {
  tcp: PairCount;
  /** By a relay alone, by how that is reached. */
  relay: Record<'udp' | 'tcp', PairCount>;
}

export type PathsParts = Pick<DeploymentOptions, 'stateDir' | 'synapsePython' | 'workerBin' | 'pageDir'> &
  Pick<Call, 'signal' | 'progress'>;

const NAMES: [string, ...string[]] = ['ann', 'ben', 'cem'];
const PAIRS = 6;
/** For all of it. */
const WITHIN_MS = 120_000;

/**
 * Three people on a host of their own call three times: by relays alone, over UDP and then over TCP; and without UDP. Needs root, for
 * that host, and coturn. Rejects where something does not start, or all of it takes too long.
 */
export async function measurePaths(parts: PathsParts): Promise<Paths> {
  const { synapsePython, workerBin, pageDir, progress } = parts;
  const signal = AbortSignal.any([parts.signal, AbortSignal.timeout(WITHIN_MS)]);
  const report = (step: string): void => progress.tell(step);
  const stateDir = join(parts.stateDir, 'paths');
  await using owned = new AsyncDisposableStack();
  const far = owned.adopt(await FarHost.open(), host => host.close());
  const address = far.nearAddress;
  const coturn = owned.use(await Coturn.start(join(stateDir, 'coturn'), address));
  const deployment = owned.use(
    await startDeployment({
      stateDir,
      synapsePython,
      workerBin,
      pageDir,
      users: NAMES,
      address,
      homeserverConfig: coturn.synapseConfig(),
      signal,
      report,
    }),
  );
  const browser = owned.use(await CallPages.open({ prefix: far.prefix, origin: deployment.focus.baseUrl, signal }));
  const count = async (parameters: string, holds: PathRule): Promise<PairCount> => {
    const people = deployment.users.map(user => ({
      userId: user.userId,
      link: `${deployment.link(user)}&video=320x180x10${parameters}`,
    }));
    return countInCall({ browser, people, signal }, objectionTo(holds));
  };
  report('Call by relays over UDP');
  const udp = await count('&relay=1', byRelay('udp'));
  await far.blockUdp();
  report('Call by relays over TCP');
  const tcp = await count('&relay=1', byRelay('tcp'));
  report('Call over TCP');
  return { tcp: await count('', overTcp), relay: { udp, tcp } };
}

type PathRule = (path: SelectedPath) => boolean;

/** Straight to the focus. */
export const overTcp: PathRule = ({ type, protocol }) => type !== 'relay' && protocol === 'tcp';

export function byRelay(reached: 'udp' | 'tcp'): PathRule {
  return ({ type, relayProtocol }) => type === 'relay' && relayProtocol === reached;
}

/** A pair counts where picture and sound flow while every transport of both ends keeps to the rule. All that is missing is told. */
export function objectionTo(holds: PathRule): Objection {
  return (got, sender, viewer) => {
    const missing = [unseen(got), got.sounds ? undefined : 'no sound'].filter(reason => reason !== undefined);
    for (const { userId, before, after } of [sender, viewer]) {
      const strayed = [...before.paths, ...after.paths].find(path => !holds(path));
      if (strayed !== undefined || before.paths.length === 0 || after.paths.length === 0)
        missing.push(`media of ${userId} goes by ${strayed === undefined ? 'nothing' : named(strayed)}`);
    }
    return missing.length === 0 ? undefined : missing.join(', ');
  };
}

function named({ type, protocol, relayProtocol }: SelectedPath): string {
  return [type, protocol, relayProtocol].filter(part => part !== '').join(' ');
}

/** Pairs that call by relays, however those are reached. */
export function relayPairs({ relay }: Paths): number {
  return Math.min(relay.udp.pairs, relay.tcp.pairs);
}

/** The bounds that were missed; `null` where nothing was measured. */
export function judgePaths(paths: Paths | null): string[] {
  if (paths === null) return ['paths were not measured'];
  const counts = [
    ['over TCP', paths.tcp],
    ['by a relay over UDP', paths.relay.udp],
    ['by a relay over TCP', paths.relay.tcp],
  ] as const;
  return counts.flatMap(([way, { pairs, missing }]) =>
    pairs === PAIRS ? [] : [`${pairs} of ${PAIRS} pairs call ${way}`, ...missing.map(reason => `${way}, ${reason}`)],
  );
}
