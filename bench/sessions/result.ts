/** The last line of stdout, and its bounds. Pure. */
import { median } from '../../demo/check/statistics.ts';
import type { SessionPart } from '../arguments.ts';
import { type ApplicationData, judgeApplicationData, writeApplicationData } from './app-data-figures.ts';
import { type CodecCount, judgeCodecs } from './codecs.ts';
import type { FirstFrames } from './first-frame.ts';
import { type FloorResult, judgeFloor } from './floor.ts';
import type { FalseTokens } from './openid.ts';
import { judgePaths, type Paths, relayPairs } from './paths.ts';
import type { Resumption } from './resume.ts';
import type { Way } from './ways.ts';

export interface Measured {
  firstFrames: FirstFrames | null;
  /** ms. */
  switches: Record<Way, number[] | null>;
  cuts: Resumption[] | null;
  networks: Resumption[] | null;
  paths: Paths | null;
  codecs: CodecCount[] | null;
  appData: ApplicationData | null;
  floor: FloorResult | null;
  openid: FalseTokens | null;
}

export function nothingMeasured(): Measured {
  return {
    firstFrames: null,
    switches: { ws: null, data_channel: null },
    cuts: null,
    networks: null,
    paths: null,
    codecs: null,
    appData: null,
    floor: null,
    openid: null,
  };
}

/** Durations in ms; null where something was not measured, which is a failure of a part that was asked for. */
export interface Result {
  ws_first_frame_ms: { median: number | null };
  to_device_first_frame_ms: { median: number | null };
  switch_ms: Record<Way, number | null>;
  resume: { cause: Resumption['cause']; gap_ms: number }[] | null;
  /** Of 6. */
  tcp_pairs: number | null;
  /** Of 6; where UDP and TCP to the relay differ, the smaller one. */
  relay_pairs: number | null;
  codecs: { codec: string; pairs: number; of: number }[] | null;
  app_data: Record<string, number | boolean | null> | null;
  floor: FloorResult | null;
  openid: { tried: number; wrongly_accepted: number } | null;
  failures: string[];
}

/** ms, exclusive. */
const WS_FIRST_FRAME = 500;
const SWITCH = 150;
const GAP: Record<Resumption['cause'], number> = {
  'address changed': 4_000,
  '30 s dark': 2_000,
  'ws cut': 1,
  'homeserver cut': 1,
};

/** @param failures what broke while it was measured */
export function judge(measured: Measured, parts: readonly SessionPart[], failures: readonly string[]): Result {
  const { firstFrames, switches, cuts, networks, paths, codecs, appData, floor, openid } = measured;
  const result: Result = {
    ws_first_frame_ms: { median: middle(firstFrames?.ws) },
    to_device_first_frame_ms: { median: middle(firstFrames?.data_channel) },
    switch_ms: { ws: middle(switches.ws), data_channel: middle(switches.data_channel) },
    resume:
      cuts === null && networks === null
        ? null
        : [...(networks ?? []), ...(cuts ?? [])].map(({ cause, gapMs }) => ({ cause, gap_ms: gapMs })),
    tcp_pairs: paths?.tcp.pairs ?? null,
    relay_pairs: paths === null ? null : relayPairs(paths),
    codecs: codecs?.map(({ codec, pairs, of }) => ({ codec, pairs, of })) ?? null,
    app_data: appData === null ? null : writeApplicationData(appData),
    floor,
    openid: openid === null ? null : { tried: openid.tried, wrongly_accepted: openid.wronglyAccepted },
    failures: [...failures],
  };
  for (const part of parts) result.failures.push(...MISSED[part](result, measured));
  return result;
}

const MISSED: Record<SessionPart, (result: Result, measured: Measured) => string[]> = {
  openid: (_result, { openid }) => {
    if (openid === null) return ['openid was not measured'];
    return [
      ...(openid.wronglyAccepted > 0 ? [`${openid.wronglyAccepted} false tokens were accepted`] : []),
      ...(openid.trueOneAccepted ? [] : ['a true token was refused']),
    ];
  },
  'first-frames': result => [
    ...under('ws_first_frame_ms.median', result.ws_first_frame_ms.median, WS_FIRST_FRAME),
    ...under('to_device_first_frame_ms.median', result.to_device_first_frame_ms.median, Number.POSITIVE_INFINITY),
  ],
  switches: result => [
    ...under('switch_ms.ws', result.switch_ms.ws, SWITCH),
    ...under('switch_ms.data_channel', result.switch_ms.data_channel, SWITCH),
  ],
  cuts: (_result, { cuts }) => missedGaps('cuts', cuts),
  networks: (_result, { networks }) => missedGaps('networks', networks),
  paths: (_result, { paths }) => judgePaths(paths),
  codecs: (_result, { codecs }) => judgeCodecs(codecs),
  'app-data': (_result, { appData }) =>
    appData === null ? ['app_data was not measured'] : judgeApplicationData(appData),
  floor: (_result, { floor }) => judgeFloor(floor),
};

function missedGaps(part: SessionPart, gaps: readonly Resumption[] | null): string[] {
  if (gaps === null) return [`${part}: nothing was measured`];
  return gaps.flatMap(({ cause, gapMs }) => under(`the gap of "${cause}"`, gapMs, GAP[cause]));
}

/** What is missed of a bound, if anything. */
function under(name: string, value: number | null, bound: number): string[] {
  if (value === null) return [`${name} was not measured`];
  return value < bound ? [] : [`${name} is ${value} and has to be under ${bound}`];
}

function middle(values: readonly number[] | null | undefined): number | null {
  const value = median(values ?? []);
  return value === undefined ? null : Math.round(value);
}
