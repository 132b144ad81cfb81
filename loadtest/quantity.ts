/** How quantities are written for people: on a terminal, in reports. Pure. */

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 12,345 */
export function writeCount(count: number): string {
  return COUNT.format(count);
}

/** Of bit/s: "64 kbit/s", "3.4 Mbit/s", "1.25 Gbit/s". */
export function writeRate(bitrate: number): string {
  if (bitrate >= 999.5e6) return `${threeDigits(bitrate / 1e9)} Gbit/s`;
  if (bitrate >= 999.5e3) return `${threeDigits(bitrate / 1e6)} Mbit/s`;
  return `${COUNT.format(bitrate / 1e3)} kbit/s`;
}

/** Of bytes, in powers of ten: "412 MB", "1.25 GB". */
export function writeBytes(bytes: number): string {
  if (bytes >= 999.5e6) return `${threeDigits(bytes / 1e9)} GB`;
  if (bytes >= 999.5e3) return `${threeDigits(bytes / 1e6)} MB`;
  return `${COUNT.format(bytes / 1e3)} kB`;
}

/** Of ms: "0.8 ms", "620 ms", "1.25 s", "90 s". */
export function writeDuration(ms: number): string {
  if (ms >= 999.5) return `${threeDigits(ms / 1e3)} s`;
  return ms >= 9.95 ? `${ms.toFixed(0)} ms` : `${short(ms, 1)} ms`;
}

/** Of 0 to 100 and more: "0 %", "0.02 %", "1.4 %", "74 %". */
export function writePercent(percent: number): string {
  if (percent >= 9.95) return `${percent.toFixed(0)} %`;
  return `${short(percent, percent < 0.095 ? 2 : 1)} %`;
}

/** Of ms: "3:12", "1:03:12". */
export function writeClock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  const rest = `${seconds % 60}`.padStart(2, '0');
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${`${minutes % 60}`.padStart(2, '0')}:${rest}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return COUNT.format(value);
  return short(value, value >= 9.995 ? 1 : 2);
}

/** Without zeros that say nothing. */
function short(value: number, digits: number): string {
  return `${Number(value.toFixed(digits))}`;
}
