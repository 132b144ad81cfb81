/** Who stands in the strip beside a stage when not all find a place. Pure. */

/**
 * The order of `keys` in which those who spoke last have the first `places`. It is `before` as far as it can be: a speaker who
 * already has a place keeps it, and one who has none takes that of whoever was silent for the longest.
 *
 * @param latest keys of those who spoke, the latest first
 */
export function stripOrder(
  before: readonly string[],
  keys: readonly string[],
  latest: readonly string[],
  places: number,
): string[] {
  const order = [...before.filter(key => keys.includes(key)), ...keys.filter(key => !before.includes(key))];
  const silentFor = (key: string): number => (latest.includes(key) ? latest.indexOf(key) : latest.length);
  for (const key of latest.filter(speaker => keys.includes(speaker)).slice(0, places)) {
    const at = order.indexOf(key);
    if (at < places) continue;
    let quietest = 0;
    for (let place = 1; place < places; place += 1) {
      if (silentFor(order[place] ?? '') >= silentFor(order[quietest] ?? '')) quietest = place;
    }
    [order[quietest], order[at]] = [key, order[quietest] ?? key];
  }
  return order;
}

/** `order` once `to` has gone from the strip onto the stage, and `from` has come back from there: into its place. */
export function changePlaces(order: readonly string[], to: string, from: string | undefined): string[] {
  if (from === undefined || from === to || order.includes(from)) return [...order];
  return order.map(key => (key === to ? from : key));
}
