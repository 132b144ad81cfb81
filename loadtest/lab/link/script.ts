/** What one direction of a link is like, and how that changes over time. */

export interface LinkProfile {
  /** Rate of the bottleneck in bit/s, counted with IP and UDP headers. Absent: unlimited. */
  rateBps?: number;
  /** A packet that would wait longer than this for its turn at the bottleneck is dropped (drop-tail), ms. */
  queueMs: number;
  /** One way, after the bottleneck, ms. */
  delayMs: number;
  /** Each packet's delay is drawn evenly from delayMs ± this, never below zero and never overtaking, ms. */
  jitterMs?: number;
  /** Share of the packets that is lost, each by itself, 0..100. */
  lossPct?: number;
  /** Every packet is lost for lastsMs, first everyMs after the step began (and after start), then every everyMs. */
  bursts?: { everyMs: number; lastsMs: number };
  /** Share of the packets that is held back for reorderExtraMs, and overtaken meanwhile, 0..100. */
  reorderPct?: number;
  /** How long those are held back, ms. Default: DEFAULT_REORDER_EXTRA_MS. */
  reorderExtraMs?: number;
}

export interface LinkStep {
  /** Since the clock zero of the script, ms. */
  atMs: number;
  profile: LinkProfile;
}

/** Steps in order of time, the first at 0. The last one holds for ever. */
export type LinkScript = readonly LinkStep[];

export const DEFAULT_REORDER_EXTRA_MS = 20;

/** A script of one profile that never changes. */
export function steady(profile: LinkProfile): LinkScript {
  return [{ atMs: 0, profile }];
}

/** The first step. Throws RangeError if the script makes no sense. */
export function checkScript(script: LinkScript): LinkStep {
  const [first] = script;
  if (first === undefined) throw new RangeError('a link script needs at least one step');
  if (first.atMs !== 0) throw new RangeError('the first step of a link script is at 0 ms');
  let before = -1;
  for (const { atMs, profile } of script) {
    if (!Number.isFinite(atMs) || atMs <= before) throw new RangeError('the steps of a link script go forward in time');
    before = atMs;
    checkProfile(profile);
  }
  return first;
}

function checkProfile(profile: LinkProfile): void {
  const { rateBps, bursts } = profile;
  if (rateBps !== undefined && !(Number.isFinite(rateBps) && rateBps > 0)) {
    throw new RangeError('rateBps is above 0; for a dead link set lossPct to 100');
  }
  notNegative({
    queueMs: profile.queueMs,
    delayMs: profile.delayMs,
    jitterMs: profile.jitterMs,
    reorderExtraMs: profile.reorderExtraMs,
  });
  const shares = { lossPct: profile.lossPct, reorderPct: profile.reorderPct };
  notNegative(shares);
  for (const [name, share = 0] of Object.entries(shares)) {
    if (share > 100) throw new RangeError(`${name} is at most 100`);
  }
  if (bursts === undefined) return;
  notNegative({ 'bursts.lastsMs': bursts.lastsMs, 'bursts.everyMs': bursts.everyMs });
  if (bursts.everyMs < bursts.lastsMs || bursts.everyMs === 0) {
    throw new RangeError('bursts.everyMs is above 0 and not below bursts.lastsMs');
  }
}

function notNegative(fields: Record<string, number | undefined>): void {
  for (const [name, value = 0] of Object.entries(fields)) {
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name} is a number, not below 0`);
  }
}
