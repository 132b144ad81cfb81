import { expect, it } from 'vitest';
import { NOTHING_MEASURED } from '../overload/watch.ts';
import type { TrunkFigures, TrunkTraffic } from '../ports.ts';
import { nothingCounted } from '../runtime/counts.ts';
import { NO_TRAFFIC } from '../testing/fake-world.ts';
import { statusOf } from './status.ts';

const [ONE, TWO] = ['one', 'two'].map(name => ({ userId: `@focus:${name}`, deviceId: 'WEIR' })) as [Peer, Peer];
type Peer = TrunkFigures['peer'];
const [FIRST, SECOND] = ['first', 'second'].map(confId => ({ roomId: '!room', confId })) as [Conference, Conference];
type Conference = TrunkFigures['conference'];

function trunk(conference: Conference, peer: Peer): TrunkFigures {
  return { conference, peer, state: 'open', code: undefined, roundTripMs: 1 };
}

function traffic(sent: number): TrunkTraffic {
  return { ...NO_TRAFFIC, sent };
}

it('puts to each trunk what crosses it, by conference and focus', () => {
  const { trunks, conferences, errors } = statusOf({
    focus: {
      overload: NOTHING_MEASURED,
      overview: () => [
        {
          id: FIRST,
          counts: { ...nothingCounted(), present: 2, trunks: 2 },
          trunkTraffic: [{ peer: ONE, traffic: traffic(1) }],
        },
        { id: SECOND, counts: nothingCounted(), trunkTraffic: [{ peer: ONE, traffic: traffic(2) }] },
      ],
    },
    trunks: [trunk(FIRST, ONE), trunk(FIRST, TWO), trunk(SECOND, ONE)],
    workers: [],
    errors: [{ code: 'WEIR_BAD_SDP', count: 3, lastAt: 9_000 }],
    now: 10_000,
  });
  expect(trunks.map(one => one.traffic?.sent)).toEqual([1, undefined, 2]);
  expect(conferences).toMatchObject([
    { conference: FIRST, present: 2 },
    { conference: SECOND, present: 0 },
  ]);
  expect(errors).toEqual([{ code: 'WEIR_BAD_SDP', count: 3, agoMs: 1_000 }]);
});

it('is there before the focus is', () => {
  const { conferences, load } = statusOf({ focus: undefined, trunks: [], workers: [], errors: [], now: 0 });
  expect([conferences, load.process, load.videoShare]).toEqual([[], 'calm', 1]);
});
