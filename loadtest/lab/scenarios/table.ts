/** The table of the lab: what each scenario does to a link, who is in the call, and what it has to show. Data alone. */
import { type LinkProfile, type LinkScript, steady } from '../link/script.ts';
import type { ScenarioName } from '../result.ts';
import { BURST_MS } from '../judge/rules.ts';

/** Each way; a round trip of 40 ms. */
const DELAY_MS = 20;
/** As home routers have; a packet that would wait longer is dropped. */
const QUEUE_MS = 250;

export interface ScenarioPlan {
  /** What happens to the link, in words. */
  link: string;
  /** Who publishes, who views. */
  call: string;
  /** What it has to show, in words. */
  bound: string;
  /** From the focus to the viewer, or from the publisher to the focus where the uplink is under test. */
  script: LinkScript;
  /** How long it plays; as long as asked for (and the time that media takes to settle) unless given, ms. */
  playsMs?: number;
}

/** A link of both directions' usual delay and queue. */
export function profile(parts: Partial<LinkProfile> = {}): LinkProfile {
  return { queueMs: QUEUE_MS, delayMs: DELAY_MS, ...parts };
}

/** bit/s, and how long each holds, ms. The last one is judged 20 to 25 s after it began. */
const STEPS: readonly [rateBps: number, lastsMs: number][] = [
  [4_000_000, 12_000],
  [1_500_000, 10_000],
  [600_000, 10_000],
  [200_000, 12_000],
  [1_500_000, 26_000],
];

function stepScript(): LinkScript {
  let atMs = 0;
  return STEPS.map(([rateBps, lastsMs]) => {
    const step = { atMs, profile: profile({ rateBps }) };
    atMs += lastsMs;
    return step;
  });
}

const loss = (lossPct: number, bound: string): ScenarioPlan => ({
  link: `4 Mbit/s, ${lossPct} % of the packets lost, each by itself`,
  call: 'two publishers, one viewer that wants both large',
  bound,
  script: steady(profile({ rateBps: 4_000_000, lossPct })),
});

const PLANS: Record<ScenarioName, ScenarioPlan> = {
  steps: {
    link: '4 → 1.5 → 0.6 → 0.2 → 1.5 Mbit/s, a queue of 250 ms',
    call: 'three publishers, one of them with a second video; one viewer that wants all four large',
    bound:
      'after each drop what enters the link is at or under its capacity within 2 s and the queue drained within 4 s; concealed audio < 2 %; 20 s after the recovery received ≥ 0.8 × min(capacity, demand), demand ≥ 1.2 × capacity',
    script: stepScript(),
    playsMs: STEPS.reduce((sum, [, lastsMs]) => sum + lastsMs, 0),
  },
  loss1: loss(1, 'the top layer stays, no freeze over 1 s, concealed audio < 2 %'),
  loss5: loss(5, 'the top layer stays, no freeze over 1 s, concealed audio < 2 %'),
  loss10: loss(10, 'concealed audio < 2 %, no freeze over 2 s; reported only'),
  loss20: loss(20, 'concealed audio < 2 %, no freeze over 2 s; reported only'),
  bursts: {
    link: `4 Mbit/s, all packets lost for ${BURST_MS} ms every 5 s`,
    call: 'two publishers, one viewer that wants both large',
    bound: `no freeze longer than the burst and 1 s`,
    script: steady(profile({ rateBps: 4_000_000, bursts: { everyMs: 5_000, lastsMs: BURST_MS } })),
  },
  jitter: {
    link: '4 Mbit/s, a delay of 200 ± 50 ms',
    call: 'two publishers, one viewer that wants both large',
    bound: 'concealed audio < 2 %, no freeze over 1 s',
    script: steady(profile({ rateBps: 4_000_000, delayMs: 200, jitterMs: 50 })),
  },
  bloat: {
    link: '1 Mbit/s, a queue of 1 s',
    call: 'two publishers, one viewer that wants both large',
    bound: 'p95 of the queue < 300 ms, from 10 s after the first frame',
    script: steady(profile({ rateBps: 1_000_000, queueMs: 1_000 })),
  },
  floor: {
    link: '150 kbit/s, a queue of 250 ms',
    call: 'two speakers, one viewer that wants one video',
    bound: 'concealed audio < 2 %',
    script: steady(profile({ rateBps: 150_000 })),
  },
  'starving-viewer': {
    link: '200 kbit/s for one viewer of six',
    call: 'two publishers, six viewers that want both large; once with and once without the starving one',
    bound: 'the other five: the same layers, and no more freezes, than without it',
    script: steady(profile({ rateBps: 200_000 })),
  },
  'poor-uplink': {
    link: '300 kbit/s from a publishing browser',
    call: 'a browser behind the uplink and a recorded publisher, whose highest layer then stops without a word; one viewer',
    bound: 'viewers keep a picture (no gap over 2 s); a gap under 2500 ms at the stall',
    script: steady(profile({ rateBps: 300_000 })),
  },
  gallery: {
    link: '3 Mbit/s, a queue of 250 ms',
    call: '49 publishers, one pinned, 48 as thumbnails; one speaks; one viewer',
    bound: 'all 49 alive, the pinned one at the highest layer that fits',
    script: steady(profile({ rateBps: 3_000_000 })),
  },
  'nobody-watching': {
    link: 'no limit',
    call: 'one publisher, one viewer that stops watching, and watches again small, then large',
    bound:
      "the publisher's video is off within 2 s; wanted again, a frame of any layer < 500 ms, of a higher layer < 3500 ms",
    script: steady(profile()),
  },
};

export function planOf(name: ScenarioName): ScenarioPlan {
  return PLANS[name];
}
