/** What the focus says of itself at /metrics. */

const ANSWERS_WITHIN_MS = 5_000;

/** Values by name and labels, as they stand in a line: `weir_participants{state="present"}`. */
export type FocusMetrics = ReadonlyMap<string, number>;

/** Rejects where the focus does not answer in time. */
export async function readMetrics(baseUrl: string): Promise<FocusMetrics> {
  const response = await fetch(`${baseUrl}/metrics`, {
    // What is kept open would be counted among the focus's own sockets.
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  });
  if (!response.ok) throw new Error(`/metrics: ${response.status}`);
  return parseMetrics(await response.text());
}

/** Reads Prometheus' text format; a line that cannot be read is none. */
export function parseMetrics(text: string): FocusMetrics {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([a-z_:][a-z0-9_:]*(?:\{.*\})?) (\S+)$/i.exec(line);
    if (match?.[1] !== undefined && !line.startsWith('#')) found.set(match[1], Number(match[2]));
  }
  return found;
}

/** p99 of the event loop's lag since the last scrape, ms; undefined where the focus does not tell. */
export function loopLagMs(metrics: FocusMetrics): number | undefined {
  const seconds = metrics.get('nodejs_eventloop_lag_p99_seconds');
  return seconds === undefined || Number.isNaN(seconds) ? undefined : seconds * 1_000;
}

export function participantsOf(metrics: FocusMetrics): number {
  return ['joining', 'present', 'silent'].reduce(
    (sum, state) => sum + (metrics.get(`weir_participants{state="${state}"}`) ?? 0),
    0,
  );
}
