/** What the trunk adds to the delay of each packet: the same packets, at a viewer on each focus, in one run. */
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../demo/check/statistics.ts';
import { NativeStack } from '../../loadtest/native-peer/native-stack.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import type { EndpointEvents } from '../../loadtest/peers/endpoint.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { type HopFigures, hopsOf, LEAST_PACKETS } from './hop-figures.ts';
import { CascadePlace, type Parts } from './place.ts';
import { monotonicNow, sentAtOf } from './stamps.ts';

const ARRIVES_WITHIN_MS = 30_000;
/** Layers rise to the highest, and estimates find their level. */
const SETTLES_MS = 6_000;
/** Two cameras and two voices make some 250 packets a second. */
const MEASURED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 250;
/** Each way of a packet ends within this time, or the packet is lost. */
const DRAIN_MS = 1_000;
/** More than has to come to both: what one of them misses counts for neither. */
const PACKETS = LEAST_PACKETS * 1.2;

/** Notes when stamped packets come, while it is told to. */
class Arrivals {
  readonly at = new Map<number, number>();
  /** ms on the clock of the stamps: packets that were sent before do not count. */
  #from = Number.POSITIVE_INFINITY;

  begin(): void {
    this.#from = monotonicNow();
  }

  endpoint(events: EndpointEvents): DatachannelEndpoint {
    return new DatachannelEndpoint(events, {
      onRtp: (_track, packet) => {
        const sentAt = sentAtOf(packet);
        // One that is sent again keeps its stamp.
        if (sentAt !== undefined && sentAt >= this.#from && !this.at.has(sentAt)) this.at.set(sentAt, monotonicNow());
      },
    });
  }
}

export async function measureHop(parts: Parts): Promise<HopFigures> {
  const { progress, signal } = parts;
  await using owned = new AsyncDisposableStack();
  const place = owned.use(await CascadePlace.start(parts, { near: ['alice', 'anna'], far: ['bob'] }));
  const stack = owned.adopt(await NativeStack.start(parts.loadPeer, { media: 'recorded', stamped: true }), it =>
    it.close(),
  );
  const publishers = [0, 1].map(index =>
    place.member('near', index, {
      subscribe: 'nothing',
      obeysLayersWanted: true,
      endpoint: events => stack.endpoint(events),
    }),
  );
  const [near, far] = [new Arrivals(), new Arrivals()];
  const [device] = await place.devices('near', 1);
  if (device === undefined) throw new RangeError('a device is needed');
  const viewers = [
    place.viewer('near', device, { endpoint: events => near.endpoint(events) }),
    place.member('far', 0, { viewsOnly: true, endpoint: events => far.endpoint(events) }),
  ];
  for (const peer of [...publishers, ...viewers]) {
    owned.defer(() => peer.leave());
    await peer.join();
  }
  await until('both viewers get everything', ARRIVES_WITHIN_MS, () => viewers.every(whole(publishers)));
  await delay(SETTLES_MS, undefined, { signal });

  for (const arrivals of [near, far]) arrivals.begin();
  const deadline = performance.now() + MEASURED_WITHIN_MS;
  while (Math.min(near.at.size, far.at.size) < PACKETS && performance.now() < deadline)
    await delay(LOOK_EVERY_MS, undefined, { signal });
  // What came to the one is on its way to the other.
  await delay(DRAIN_MS, undefined, { signal });
  const figures = hopsOf(near.at, far.at);
  progress.tell(
    `${figures.hopsMs.length} packets came to both, ${near.at.size} to the near one, ${far.at.size} to the far one; ` +
      `${median(figures.nearMs)?.toFixed(2) ?? '?'} ms to the near one, ${median(figures.hopsMs)?.toFixed(2) ?? '?'} ms more to the far one`,
  );
  place.checkAlive();
  return figures;
}

function whole(publishers: readonly LightPeer[]): (viewer: LightPeer) => boolean {
  return viewer =>
    publishers.every(publisher => publisher.tracks().length === 2 && viewer.missing([publisher]).length === 0);
}
