/** The last line of stdout, and its bounds. Pure. */
import { median } from '../../demo/check/statistics.ts';
import type { FirstFrames } from './first-frame.ts';
import type { FalseTokens } from './openid.ts';
import type { Cut } from './resume.ts';
import type { Way } from './ways.ts';

export interface Measured {
  firstFrames: FirstFrames | null;
  /** ms. */
  switches: Record<Way, number[] | null>;
  cuts: Cut[] | null;
  openid: FalseTokens | null;
}

export function nothingMeasured(): Measured {
  return { firstFrames: null, switches: { ws: null, data_channel: null }, cuts: null, openid: null };
}

/** Durations in ms; null where something was not measured, which is a failure. */
export interface Result {
  ws_first_frame_ms: { median: number | null };
  to_device_first_frame_ms: { median: number | null };
  switch_ms: Record<Way, number | null>;
  resume: { cause: Cut['cause']; gap_ms: number }[];
  openid: { tried: number; wrongly_accepted: number } | null;
  failures: string[];
}

const WS_FIRST_FRAME_UNDER_MS = 500;
const SWITCH_UNDER_MS = 150;

/** @param failures what broke while it was measured */
export function judge(measured: Measured, failures: readonly string[]): Result {
  const all = [...failures];
  const under = (name: string, value: number | null, bound: number): void => {
    if (value === null) all.push(`${name} was not measured`);
    else if (value >= bound) all.push(`${name} is ${value} and has to be under ${bound}`);
  };
  const result: Result = {
    ws_first_frame_ms: { median: middle(measured.firstFrames?.ws) },
    to_device_first_frame_ms: { median: middle(measured.firstFrames?.data_channel) },
    switch_ms: { ws: middle(measured.switches.ws), data_channel: middle(measured.switches.data_channel) },
    resume: (measured.cuts ?? []).map(({ cause, gapMs }) => ({ cause, gap_ms: gapMs })),
    openid:
      measured.openid === null
        ? null
        : { tried: measured.openid.tried, wrongly_accepted: measured.openid.wronglyAccepted },
    failures: all,
  };
  under('ws_first_frame_ms.median', result.ws_first_frame_ms.median, WS_FIRST_FRAME_UNDER_MS);
  if (result.to_device_first_frame_ms.median === null) all.push('to_device_first_frame_ms.median was not measured');
  under('switch_ms.ws', result.switch_ms.ws, SWITCH_UNDER_MS);
  under('switch_ms.data_channel', result.switch_ms.data_channel, SWITCH_UNDER_MS);
  if (measured.cuts === null) all.push('resume was not measured');
  for (const { cause, gap_ms: gap } of result.resume) if (gap > 0) all.push(`"${cause}" left a gap of ${gap} ms`);
  if (measured.openid === null) all.push('openid was not measured');
  else {
    if (measured.openid.wronglyAccepted > 0) all.push(`${measured.openid.wronglyAccepted} false tokens were accepted`);
    if (!measured.openid.trueOneAccepted) all.push('a true token was refused');
  }
  return result;
}

function middle(values: readonly number[] | null | undefined): number | null {
  const value = median(values ?? []);
  return value === undefined ? null : Math.round(value);
}
