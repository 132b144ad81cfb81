/** Quantities as people read them. */

const UNITS = ['', 'k', 'M', 'G', 'T'];

/** `1.2 Mbit/s` */
export function bitrate(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, 'bit/s');
}

/** `3.4 GB` */
export function bytes(count: number): string {
  return scaled(count, 'B');
}

/** `0.4 %`, of 0 to 1. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

const SPANS: readonly [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
];

/** The two largest units: `3 d 4 h`, `12 s`. */
export function span(seconds: number): string {
  const first = SPANS.findIndex(([, unit]) => seconds >= unit);
  if (first === -1) return '0 s';
  let left = seconds;
  const parts: string[] = [];
  for (const [name, unit] of SPANS.slice(first, first + 2)) {
    const count = Math.floor(left / unit);
    left -= count * unit;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(' ');
}

function scaled(value: number, unit: string): string {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  const scale = value / 1_000 ** power;
  return `${power === 0 || scale >= 100 ? Math.round(scale) : scale.toFixed(1)} ${UNITS[power] ?? ''}${unit}`;
}
