/** Figures of a stream, for the eye. Pure. */
import { type LayerFigures, LINE_SAMPLES, type RemoteStream } from '../kit/index.ts';

/** `1_234_000` → "1.2 Mbit/s"; nothing flows: "0 kbit/s"; not known: "–". */
export function bitrateWords(bitrate: number | undefined): string {
  if (bitrate === undefined) return '–';
  const kilobits = bitrate / 1_000;
  if (kilobits >= 9_950) return `${Math.round(kilobits / 1_000)} Mbit/s`;
  if (kilobits >= 995) return `${(kilobits / 1_000).toFixed(1)} Mbit/s`;
  return `${Math.round(kilobits)} kbit/s`;
}

/** "640×360"; `undefined` where there is no picture. */
export function sizeWords({ width, height }: Pick<LayerFigures, 'width' | 'height'>): string | undefined {
  return width === undefined || height === undefined ? undefined : `${width}×${height}`;
}

export function rateWords({ framesPerSecond }: Pick<LayerFigures, 'framesPerSecond'>): string | undefined {
  return framesPerSecond === undefined ? undefined : `${Math.round(framesPerSecond)} fps`;
}

/** Small losses have a decimal: they are what one looks for. */
export function lossWords(percent: number | undefined): string {
  if (percent === undefined) return '– lost';
  const digits = percent > 0 && percent < 9.95 ? 1 : 0;
  return `${percent.toFixed(digits)} % lost`;
}

export function roundTripWords(ms: number | undefined): string {
  return ms === undefined ? '– ms' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Losses that are seen and heard, in %. */
const BAD_LOSS_PERCENT = 2;

export function isBadLoss(percent: number | undefined): boolean {
  return percent !== undefined && percent >= BAD_LOSS_PERCENT;
}

/** What the focus lets us have of a picture: "layer 1" (0 is the smallest), or why there is none. */
export function grantWords(granted: RemoteStream['granted']): string | undefined {
  if (granted === undefined) return undefined;
  if (granted.kind === 'layer') return `layer ${granted.layer}`;
  switch (granted.reason) {
    case 'bandwidth':
      return 'paused: bandwidth';
    case 'overload':
      return 'paused: server busy';
    case 'hidden':
      return 'paused: hidden';
    case 'no_layer':
      return 'nothing sent';
  }
}

export interface Line {
  /** SVG path, in a box of the given size. */
  path: string;
  /** The same, closed to an area below. */
  area: string;
}

/** The least that a whole height stands for, in bit/s: silence must not look like a storm. */
const LEAST_TOP = 64_000;

/** A minute as a line, now at the right. Where nothing is known it has a gap. */
export function drawLine(line: readonly (number | undefined)[], width: number, height: number): Line {
  const known = line.filter(value => value !== undefined);
  const top = Math.max(LEAST_TOP, ...known) * 1.05;
  const step = width / (LINE_SAMPLES - 1);
  const parts: { x: number; y: number }[][] = [];
  let open: { x: number; y: number }[] | undefined;
  for (const [index, value] of line.entries()) {
    if (value === undefined) {
      open = undefined;
      continue;
    }
    if (open === undefined) parts.push((open = []));
    open.push({ x: rounded(width - (line.length - 1 - index) * step), y: rounded(height - (value / top) * height) });
  }
  const pathOf = (part: { x: number; y: number }[]): string =>
    part.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const areaOf = (part: { x: number; y: number }[]): string =>
    `${pathOf(part)}L${part.at(-1)?.x ?? 0} ${height}L${part[0]?.x ?? 0} ${height}Z`;
  return { path: parts.map(pathOf).join(''), area: parts.map(areaOf).join('') };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
