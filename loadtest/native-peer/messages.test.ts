import { describe, expect, it } from 'vitest';
import { readSaid } from './messages.ts';

describe('what the engine says', () => {
  it('is read with its figures by name', () => {
    const line =
      '{"say":"report","peers":[{"peer":1,"connected":true,"dropped":2,"sent":[3,4,5,6],"tracks":[[7,8,9,10,11,1.5,13,14,15.5,640,360]]}]}';
    expect(readSaid(line)).toEqual({
      say: 'report',
      latency: undefined,
      peers: [
        {
          peer: 1,
          connected: true,
          dropped: 2,
          sent: { packets: 3, bytes: 4, keyframesAsked: 5, repaired: 6 },
          tracks: [
            {
              track: 7,
              packets: 8,
              bytes: 9,
              lost: 10,
              repaired: 11,
              jitterMs: 1.5,
              keyframes: 13,
              frames: 14,
              longestGapMs: 15.5,
              width: 640,
              height: 360,
            },
          ],
        },
      ],
    });
  });

  it.each([
    '',
    '7',
    '{"say":"nothing"}',
    '{"say":"text","peer":1}',
    '{"say":"report","peers":[{"peer":1,"tracks":[[1]]}]}',
  ])('is refused where it is %s', line => {
    expect(() => readSaid(line)).toThrow();
  });
});
