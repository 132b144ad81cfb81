import { describe, expect, test } from 'vitest';
import type { Recording, ScenarioName, VideoRecording } from '../result.ts';
import {
  type SyntheticRecording,
  type SyntheticVideo,
  syntheticAudio,
  syntheticLink,
  syntheticPublisher,
  syntheticRecording,
  syntheticVideo,
  syntheticViewer,
} from '../synthetic.ts';
import { judge } from './index.ts';

const END = 40_000;

const video = (parts: Partial<SyntheticVideo> = {}, endsAtMs = END): VideoRecording =>
  syntheticVideo(endsAtMs, { name: 'alice', ...parts });

const oneViewer = (
  scenario: ScenarioName,
  videos: VideoRecording[],
  rest: Partial<SyntheticRecording> & { concealedPct?: number } = {},
): Recording =>
  syntheticRecording(scenario, END, {
    viewers: [syntheticViewer(END, { videos, audios: [syntheticAudio(END, 'alice', () => rest.concealedPct ?? 0)] })],
    ...rest,
  });

const during = (fromMs: number, toMs: number) => (atMs: number) => atMs > fromMs && atMs <= toMs;
const frozen = (fromMs: number, toMs: number) => (atMs: number) => (during(fromMs, toMs)(atMs) ? 0 : 2);

/** The figures that the failures name. */
function missed(recording: Recording): string[] {
  return judge(recording).failures.map(failure => /: (\S+)/.exec(failure)?.[1] ?? failure);
}

describe('of every scenario', () => {
  test('audio that was made up for 2 % of the time fails, silent or not, of the worst speaker', () => {
    const viewer = (worst: number): Recording =>
      syntheticRecording('floor', END, {
        viewers: [
          syntheticViewer(END, {
            videos: [video()],
            audios: [syntheticAudio(END, 'alice'), syntheticAudio(END, 'bob', () => worst)],
          }),
        ],
      });
    expect(missed(viewer(1.9))).toEqual([]);
    expect(missed(viewer(2))).toEqual(['concealed_pct']);
  });

  test('audio that was never played was not measured', () => {
    const silent = syntheticRecording('floor', END, {
      viewers: [syntheticViewer(END, { videos: [video()], audios: [] })],
    });
    expect(judge(silent).failures).toEqual(['floor: concealed_pct was not measured, and has to be < 2 %']);
  });

  test('nothing is judged before 5 s after the first frame', () => {
    expect(missed(oneViewer('jitter', [video({ frames: frozen(1_000, 4_900) })]))).toEqual([]);
  });

  test('a call without a frame fails: there was nothing to judge', () => {
    const nothing = { ...oneViewer('jitter', [video({ frames: () => 0 })]), firstMediaAtMs: null };
    expect(missed(nothing)).toContain('judged_s');
  });

  test('less than 30 s are not enough', () => {
    const short = syntheticRecording('jitter', 34_000, {
      viewers: [syntheticViewer(34_000, { videos: [video({}, 34_000)] })],
    });
    expect(missed(short)).toEqual(['judged_s']);
  });

  test('a pause that the focus announced is no freeze', () => {
    const unlimited = judge(oneViewer('jitter', [video({ paused: during(20_000, 23_000) })]));
    expect(unlimited.figures).toMatchObject({ freezes_over_1s: 0, paused_s: 3 });
  });

  test('a pause fails where the lowest layer fits the link', () => {
    const paused = (capacityBps: number): Recording =>
      oneViewer('floor', [video({ layer: () => 0, paused: during(20_000, 23_000) })], {
        link: syntheticLink(END, { capacityBps: () => capacityBps, enteredBps: () => 90_000 }),
      });
    // 45 kbit/s and 8 of headers, and 59 of audio with its own, of nine tenths of the link.
    expect(missed(paused(126_000))).toEqual(['paused_though_it_fits_s']);
    expect(missed(paused(123_000))).toEqual([]);
    expect(judge(paused(123_000)).figures.paused_s).toBe(3);
  });

  test('of three videos, as many are paused as do not fit', () => {
    const paused = (count: number): Recording =>
      oneViewer(
        'floor',
        ['alice', 'bob', 'carol'].map((name, index) =>
          video({ name, layer: () => 0, ...(index < count ? { paused: during(20_000, 30_000) } : {}) }),
        ),
        { link: syntheticLink(END, { capacityBps: () => 190_000, enteredBps: () => 150_000 }) },
      );
    expect(judge(paused(1)).failures).toEqual([]);
    expect(missed(paused(2))).toEqual(['paused_though_it_fits_s']);
  });

  test('a focus has 10 s to see that the link became wider', () => {
    const paused = (untilMs: number): Recording =>
      oneViewer('floor', [video({ paused: during(10_000, untilMs) })], {
        link: syntheticLink(END, {
          capacityBps: atMs => (atMs <= 20_000 ? 50_000 : 500_000),
          enteredBps: () => 40_000,
        }),
      });
    expect(missed(paused(29_000))).toEqual([]);
    expect(missed(paused(33_000))).toEqual(['paused_though_it_fits_s']);
  });

  test('the frames before a pause and after it are waited for', () => {
    const late = video({ paused: during(20_000, 23_000), frames: frozen(18_800, 24_100) });
    expect(judge(oneViewer('jitter', [late])).figures).toMatchObject({ freezes_over_1s: 2, longest_gap_ms: 1_200 });
  });

  test('a publisher that sends nothing, and a video that nobody wants, freeze nothing', () => {
    const gap = { fromMs: 20_000, toMs: 30_000 };
    const frames = frozen(gap.fromMs, gap.toMs);
    expect(missed(oneViewer('jitter', [video({ frames, silent: [gap] })]))).toEqual([]);
    const wanted = [
      { fromMs: 0, toMs: gap.fromMs },
      { fromMs: gap.toMs, toMs: END },
    ];
    expect(missed(oneViewer('jitter', [video({ frames, wanted })]))).toEqual([]);
    expect(missed(oneViewer('jitter', [video({ frames })]))).toEqual(['freezes_over_1s']);
  });
});

describe('steps', () => {
  const RATES: [number, number][] = [
    [0, 4_000_000],
    [10_000, 1_500_000],
    [20_000, 200_000],
    [30_000, 1_500_000],
  ];
  const STEPS_END = 60_000;
  const capacityBps = (atMs: number): number => RATES.findLast(([fromMs]) => atMs > fromMs)?.[1] ?? 0;

  interface Behaviour {
    /** How long more enters than fits after a drop, ms. */
    overMs?: number;
    /** How long the queue stays full after a drop, ms. */
    fullMs?: number;
    /** After the recovery, bit/s. */
    receivedBps?: number;
    publishers?: number;
    concealedPct?: number;
  }

  const steps = (behaviour: Behaviour = {}): Recording => {
    const { overMs = 1_000, fullMs = 2_000, receivedBps = 1_300_000, publishers = 3, concealedPct = 0 } = behaviour;
    const names = ['alice', 'bob', 'carol'].slice(0, publishers);
    const sinceDrop = (atMs: number): number => atMs - (RATES.findLast(([fromMs]) => atMs > fromMs)?.[0] ?? 0);
    const isDrop = (atMs: number): boolean => atMs > 10_000 && atMs <= 30_000;
    return syntheticRecording('steps', STEPS_END, {
      link: syntheticLink(STEPS_END, {
        capacityBps,
        enteredBps: atMs => capacityBps(atMs) * (isDrop(atMs) && sinceDrop(atMs) <= overMs ? 1.4 : 0.9),
        queueMs: atMs => (isDrop(atMs) && sinceDrop(atMs) <= fullMs ? 250 : 10),
      }),
      viewers: [
        syntheticViewer(STEPS_END, {
          videos: names.map(name => video({ name }, STEPS_END)),
          audios: names.map(name => syntheticAudio(STEPS_END, name, () => concealedPct)),
          receivedBps: () => receivedBps,
        }),
      ],
    });
  };

  test('a focus that follows the link passes', () => {
    expect(judge(steps()).failures).toEqual([]);
    expect(judge(steps()).figures).toMatchObject({ queue_drained_s: 2, demand_per_capacity: 1.5 });
  });

  test('what enters stays over the capacity for more than 2 s', () => {
    expect(missed(steps({ overMs: 2_500 }))).toEqual(['sent_over_capacity_s']);
    expect(judge(steps({ overMs: 2_500 })).figures.sent_over_capacity_s).toBeGreaterThan(2.4);
  });

  test('once under the capacity, it has to stay there', () => {
    const relapse = steps();
    for (const point of relapse.link?.points ?? []) {
      if (point.atMs > 16_000 && point.atMs <= 17_000) point.enteredBytes *= 3;
    }
    expect(missed(relapse)).toEqual(['sent_over_capacity_s']);
  });

  test('a queue that is full for more than 4 s', () => {
    expect(missed(steps({ fullMs: 4_500 }))).toEqual(['queue_drained_s']);
    expect(judge(steps({ fullMs: 60_000 })).figures.queue_drained_s).toBe(10);
  });

  test('too little of the link is used after the recovery', () => {
    expect(missed(steps({ receivedBps: 1_190_000 }))).toEqual(['received_after_recovery']);
  });

  test('a demand that the link nearly carries shows nothing', () => {
    expect(missed(steps({ publishers: 2 }))).toEqual(['demand_per_capacity']);
  });

  test('concealed audio', () => {
    expect(missed(steps({ concealedPct: 3 }))).toEqual(['concealed_pct']);
  });

  test('a link that never changed was not measured', () => {
    const recording = { ...steps(), link: null };
    expect(missed(recording)).toEqual([
      'sent_over_capacity_s',
      'queue_drained_s',
      'received_after_recovery',
      'demand_per_capacity',
    ]);
  });
});

describe('loss', () => {
  test.each(['loss1', 'loss5'] as const)('%s: the top layer stays', scenario => {
    expect(missed(oneViewer(scenario, [video()]))).toEqual([]);
    const lower = video({ layer: atMs => (during(20_000, 21_000)(atMs) ? 1 : 2) });
    expect(missed(oneViewer(scenario, [lower]))).toEqual(['below_top_layer_s']);
  });

  test.each(['loss1', 'loss5'] as const)('%s: no freeze over 1 s, little concealed audio', scenario => {
    expect(missed(oneViewer(scenario, [video({ frames: frozen(20_000, 20_800) })]))).toEqual([]);
    expect(missed(oneViewer(scenario, [video({ frames: frozen(20_000, 21_100) })]))).toEqual(['freezes_over_1s']);
    expect(missed(oneViewer(scenario, [video()], { concealedPct: 2.5 }))).toEqual(['concealed_pct']);
  });

  test.each(['loss10', 'loss20'] as const)('%s is reported, and fails nothing', scenario => {
    const bad = judge(oneViewer(scenario, [video({ frames: frozen(20_000, 22_200) })], { concealedPct: 9 }));
    expect(bad.failures).toEqual([]);
    expect(bad.checks.filter(({ passed }) => !passed).map(({ figure }) => figure)).toEqual([
      'concealed_pct',
      'freezes_over_2s',
    ]);
  });
});

test('bursts: a freeze of at most the burst and 1 s', () => {
  expect(missed(oneViewer('bursts', [video({ frames: frozen(20_000, 21_100) })]))).toEqual([]);
  expect(missed(oneViewer('bursts', [video({ frames: frozen(20_000, 21_400) })]))).toEqual(['longest_gap_ms']);
});

test('jitter: no freeze, little concealed audio', () => {
  expect(missed(oneViewer('jitter', [video()]))).toEqual([]);
  expect(missed(oneViewer('jitter', [video()], { concealedPct: 2 }))).toEqual(['concealed_pct']);
});

test('bloat: the queue is short after 10 s', () => {
  const bloat = (laterMs: number): Recording =>
    oneViewer('bloat', [video()], {
      link: syntheticLink(END, {
        capacityBps: () => 1_000_000,
        enteredBps: () => 900_000,
        queueMs: atMs => (atMs <= 10_000 ? 1_000 : laterMs),
      }),
    });
  expect(missed(bloat(280))).toEqual([]);
  expect(missed(bloat(300))).toEqual(['queue_p95_after_10s_ms']);
  expect(missed(oneViewer('bloat', [video()]))).toEqual(['queue_p95_after_10s_ms']);
});

describe('starving-viewer', () => {
  const call = (good: Partial<SyntheticVideo>, control?: Recording): Recording =>
    syntheticRecording('starving-viewer', END, {
      viewers: [
        syntheticViewer(END, { name: 'starving', videos: [video({ layer: () => 0 })] }),
        ...['v2', 'v3', 'v4', 'v5', 'v6'].map(name =>
          syntheticViewer(END, { name, videos: [video(name === 'v4' ? good : {})] }),
        ),
      ],
      ...(control && { control }),
    });
  const control = call({});

  test('the others see what they see without it', () => {
    expect(missed(call({}, control))).toEqual([]);
    expect(missed(call({ layer: atMs => (atMs <= 10_000 ? 1 : 2) }, control))).toEqual(['layer_difference_pct']);
    expect(missed(call({ frames: frozen(20_000, 21_500) }, control))).toEqual(['more_freezes']);
  });

  test('a freeze of the control run is no fault of the starving one', () => {
    const bad = { frames: frozen(20_000, 21_500) };
    expect(missed(call(bad, call(bad)))).toEqual([]);
  });

  test('without a control run it is not measured', () => {
    expect(missed(call({}))).toEqual(['layer_difference_pct', 'more_freezes']);
  });
});

describe('poor-uplink', () => {
  const uplink = (poor: Partial<SyntheticVideo>, stalling: Partial<SyntheticVideo>, stall = true): Recording =>
    oneViewer('poor-uplink', [video(poor), video({ name: 'stalling', ...stalling })], {
      marks: stall ? [{ atMs: 20_000, kind: 'stall', text: 'f stops' }] : [],
    });

  test('viewers keep a picture', () => {
    expect(missed(uplink({}, {}))).toEqual([]);
    expect(missed(uplink({ frames: frozen(10_000, 12_300) }, {}))).toEqual(['picture_gap_ms']);
    expect(missed(uplink({ frames: () => 0 }, {}))).toEqual(['picture_gap_ms']);
  });

  test('a stall that nobody announced makes a short gap', () => {
    expect(missed(uplink({}, { frames: frozen(20_000, 22_300) }))).toEqual([]);
    expect(missed(uplink({}, { frames: frozen(20_000, 22_600) }))).toEqual(['stall_gap_ms']);
    expect(missed(uplink({}, {}, false))).toEqual(['stall_gap_ms']);
  });
});

describe('gallery', () => {
  const gallery = (pinnedLayer: number, thumbnail: Partial<SyntheticVideo> = {}, count = 49): Recording =>
    oneViewer(
      'gallery',
      Array.from({ length: count }, (_, index) => {
        if (index === 0) return video({ name: 'pinned', layer: () => pinnedLayer });
        return video({ name: `v${index}`, layer: () => 0, ...(index === 7 ? thumbnail : {}) });
      }),
      { link: syntheticLink(END, { capacityBps: () => 3_100_000, enteredBps: () => 2_800_000 }) },
    );

  test('all are alive, and the pinned one is as high as fits', () => {
    // 48 at 53 kbit/s, 59 of audio: 2.61 of 2.79 Mbit/s, so a middle layer fits beside them.
    expect(missed(gallery(1))).toEqual([]);
    expect(missed(gallery(0))).toEqual(['pinned_layer_above_what_fits']);
  });

  test('the layers of a crowd are told as a mean', () => {
    expect(judge(gallery(1)).figures.layers).toEqual({
      pinned: { q: 0, h: 100, f: 0, none: 0 },
      'the other 48': { q: 100, h: 0, f: 0, none: 0 },
    });
  });

  test('one that stands still', () => {
    expect(missed(gallery(1, { frames: frozen(20_000, 22_500) }))).toEqual(['fewest_alive']);
    expect(missed(gallery(1, { paused: during(20_000, 25_000) }))).toContain('fewest_alive');
    expect(missed(gallery(1, {}, 48))).toEqual(['thumbnails', 'fewest_alive']);
  });
});

describe('nobody-watching', () => {
  interface Times {
    offMs?: number;
    onMs?: number;
    higherMs?: number;
  }

  const watched = ({ offMs = 1_000, onMs = 400, higherMs = 3_000 }: Times): Recording =>
    oneViewer(
      'nobody-watching',
      [
        video({
          wanted: [
            { fromMs: 0, toMs: 10_000 },
            { fromMs: 20_000, toMs: END },
          ],
          frames: frozen(10_000, 20_000 + onMs - 100),
          layer: atMs => (atMs <= 10_000 || atMs >= 30_000 + higherMs ? 2 : 0),
        }),
      ],
      {
        publishers: [syntheticPublisher(END, atMs => (atMs <= 10_000 + offMs || atMs > 20_000 ? 800_000 : 0))],
        marks: [
          { atMs: 10_000, kind: 'unwatch', text: 'nobody watches' },
          { atMs: 20_000, kind: 'watch', text: 'wanted again, small' },
          { atMs: 30_000, kind: 'enlarge', text: 'wanted large' },
        ],
      },
    );

  test('video stops and comes back in time', () => {
    expect(missed(watched({}))).toEqual([]);
    expect(judge(watched({})).figures).toMatchObject({
      upstream_off_ms: 1_000,
      upstream_on_ms: 400,
      higher_layer_ms: 3_000,
    });
  });

  test.each([
    [{ offMs: 2_100 }, 'upstream_off_ms'],
    [{ offMs: 60_000 }, 'upstream_off_ms'],
    [{ onMs: 500 }, 'upstream_on_ms'],
    [{ higherMs: 3_500 }, 'higher_layer_ms'],
    [{ higherMs: 60_000 }, 'higher_layer_ms'],
  ])('%j fails', (times, figure) => {
    expect(missed(watched(times))).toEqual([figure]);
  });
});
