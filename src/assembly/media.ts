/** The media engine as the configuration wants it. */
import type { Config } from '../../config/config.ts';
import { createMedia } from '../media/index.ts';
import type { Log, Media, Meters } from '../ports.ts';
import { systemClock } from './system-clock.ts';

export function openMedia(
  { media, limits, cascade }: Config,
  log: Log,
  meters: Pick<Meters, 'dataMessages'>,
): Promise<Media> {
  return createMedia({
    workers: media.workers,
    spread: media.spread,
    ...(media.workerBin === undefined ? {} : { workerBin: media.workerBin }),
    listen: media.listen.map(({ ip, announcedAddress }) => ({
      ip,
      ...(announcedAddress === undefined ? {} : { announcedAddress }),
    })),
    ...(media.ports.min === 0 ? {} : { ports: media.ports }),
    ...(media.trunkPorts === undefined ? {} : { trunkPorts: media.trunkPorts }),
    enableTcp: media.tcp,
    logger: log,
    clock: systemClock,
    iceConsentTimeoutS: media.iceConsentTimeoutMs / 1_000,
    codecs: media.codecs,
    codecOrder: media.codecOrder,
    initialOutgoingBitrate: media.initialBitrate,
    congestionControl: media.congestionControl,
    dataRates: limits.data,
    trunks: { maxBitrate: cascade.bitratePerTrunk },
    countData: (outcome, count) => meters.dataMessages(outcome, count),
  });
}
