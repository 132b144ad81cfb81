import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseControl, writeControl } from './control.ts';
import { type DataChannelInfo, parseDataPublisher, writeDataPublisher } from './data.ts';

const id = fc.string({ minLength: 1, maxLength: 20 });
const publisher = fc.record(
  { userId: id, deviceId: id, channelId: fc.nat(), protocol: fc.string({ maxLength: 20 }) },
  { requiredKeys: ['userId', 'deviceId', 'channelId'] },
);
const info: fc.Arbitrary<DataChannelInfo> = fc
  .tuple(publisher, fc.record({ label: fc.string({ maxLength: 20 }), ordered: fc.boolean(), reliable: fc.boolean() }))
  .map(([whose, what]) => ({ ...whose, ...what }));

describe('messages of application data', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 20 }), { maxLength: 40 }),
        fc.array(info),
        id,
        (labels, channels, code) => {
          for (const message of [
            { kind: 'data_subscription' as const, labels },
            { kind: 'data_channels' as const, channels },
            { kind: 'data_ended' as const, channelId: labels.length, code },
          ]) {
            expect(parseControl(writeControl(message))).toEqual({ kind: 'ok', value: message });
          }
        },
      ),
    );
  });

  it('are refused in another shape', () => {
    for (const content of [{}, { channel_id: -1, code: 'x' }, { channel_id: 1 }, { channel_id: 1.5, code: 'x' }])
      expect(parseControl(JSON.stringify({ type: 'org.weir.data_ended', content })).kind).toBe('bad');
    for (const content of [{}, { labels: 'positions' }, { labels: [1] }, { labels: Array(1_025).fill('x') }]) {
      const parsed = parseControl(JSON.stringify({ type: 'org.weir.data_subscription', content }));
      expect(parsed.kind, JSON.stringify(content).slice(0, 40)).toBe('bad');
    }
  });
});

it('is not searched for what is wrong with it where that would take long', () => {
  const subscription = (count: number): string => {
    const content = { labels: Array.from({ length: count }, () => 1) };
    const parsed = parseControl(JSON.stringify({ type: 'org.weir.data_subscription', content }));
    return parsed.kind === 'bad' ? parsed.error.message : 'ok';
  };
  expect(subscription(1_000)).toContain('/labels/0');
  expect(subscription(60_000)).toContain('too large to say where');
});

describe('the protocol of a forwarded channel', () => {
  it('names its publisher', () => {
    fc.assert(
      fc.property(publisher, whose => {
        expect(parseDataPublisher(writeDataPublisher(whose))).toEqual({ kind: 'ok', value: whose });
      }),
    );
  });

  it('may be anything, and then names nobody', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        expect(parseDataPublisher(text).kind).toBe('bad');
      }),
    );
  });
});
