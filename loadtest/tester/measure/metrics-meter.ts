import type { ProcessSample } from '../result.ts';
import type { PartMeter } from './process-meter.ts';

const SCRAPES_EVERY_MS = 1_000;
const ANSWERS_WITHIN_MS = 3_000;
const MOST_BYTES = 8 * 1_048_576;

/** What a process tells of itself under the names that Prometheus's client libraries share. */
export interface ProcessMetrics {
  cpuSeconds: number;
  rssBytes: number;
  loopLagS: number | undefined;
}

/** Reads the text format of Prometheus; `undefined` where it says nothing of the process. */
export function readProcessMetrics(text: string): ProcessMetrics | undefined {
  const valueOf = (name: string): number | undefined => {
    const value = new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)`, 'm').exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const cpuSeconds = valueOf('process_cpu_seconds_total');
  if (cpuSeconds === undefined || !Number.isFinite(cpuSeconds)) return undefined;
  return {
    cpuSeconds,
    rssBytes: valueOf('process_resident_memory_bytes') ?? 0,
    loopLagS: valueOf('nodejs_eventloop_lag_p99_seconds'),
  };
}

/** By scraping. Its media processes are not in there: what is known is the main process. */
export class MetricsMeter implements PartMeter {
  readonly #url: string;
  readonly #timer: NodeJS.Timeout;
  #isAsking = false;
  #last: { at: number; metrics: ProcessMetrics } | undefined;
  #sample: ProcessSample | undefined;

  constructor(url: string) {
    this.#url = url;
    this.#timer = setInterval(() => {
      if (this.#isAsking) return;
      this.#isAsking = true;
      this.#scrape()
        .catch(() => {
          this.#sample = undefined;
        })
        .finally(() => {
          this.#isAsking = false;
        });
    }, SCRAPES_EVERY_MS);
  }

  take(): ProcessSample | undefined {
    return this.#sample;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #scrape(): Promise<void> {
    const answer = await fetch(this.#url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    const text = await answer.text();
    const metrics = answer.ok && text.length < MOST_BYTES ? readProcessMetrics(text) : undefined;
    const at = performance.now();
    const before = this.#last;
    this.#last = metrics === undefined ? undefined : { at, metrics };
    if (metrics === undefined || before === undefined) {
      this.#sample = undefined;
      return;
    }
    const cpuPct = ((metrics.cpuSeconds - before.metrics.cpuSeconds) * 100_000) / (at - before.at);
    this.#sample = {
      cpuPct,
      nodePct: cpuPct,
      rssBytes: metrics.rssBytes,
      ...(metrics.loopLagS === undefined ? {} : { loopLagMs: metrics.loopLagS * 1_000 }),
    };
  }
}
