import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeTrunkData, writeTrunkDataMessage } from './trunk-data.ts';
import { parseTrunkMessage } from './trunk-message.ts';

const message = fc.record({
  channelId: fc.nat(Number.MAX_SAFE_INTEGER),
  ppid: fc.constantFrom(51 as const, 53 as const, 56 as const, 57 as const),
  payload: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
});

function frameOf(content: unknown): string {
  return JSON.stringify({ type: 'org.weir.trunk.data', content });
}

describe('application data on a trunk', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), messages => {
        const text = writeTrunkData(messages.map(writeTrunkDataMessage));
        expect(parseTrunkMessage(text)).toEqual({ kind: 'ok', value: { kind: 'trunk_data', messages } });
      }),
      { seed: 3401 },
    );
  });

  it.each([
    ['no messages', {}],
    ['a channel of a negative number', { messages: [[-1, 51, '']] }],
    ['a channel that is no number', { messages: [['1', 51, '']] }],
    ['the message that opens a channel', { messages: [[1, 50, 'AwA=']] }],
    ['a payload that is no text', { messages: [[1, 51, 7]] }],
    ['a part too few', { messages: [[1, 51]] }],
    ['a part too many', { messages: [[1, 51, '', '']] }],
    ['more messages than a frame has', { messages: Array.from({ length: 2_049 }, () => [1, 51, '']) }],
    ['a longer message than anybody may send', { messages: [[1, 53, 'A'.repeat(400_000)]] }],
  ])('is bad with %s', (_, content) => {
    expect(parseTrunkMessage(frameOf(content))).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_MESSAGE' } });
  });

  it('of any payload is taken or left out, never thrown at', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite' }), payload => {
        expect(parseTrunkMessage(frameOf({ messages: [[1, 53, payload]] })).kind).toBe('ok');
      }),
      { seed: 3401 },
    );
  });

  it('is not what merely mentions it', () => {
    const labels = ['org.weir.trunk.data', 'org.weir.trunk.media'];
    const text = JSON.stringify({ type: 'org.weir.data_subscription', content: { labels } });
    expect(parseTrunkMessage(text)).toEqual({ kind: 'ok', value: { kind: 'data_subscription', labels } });
    expect(parseTrunkMessage('"org.weir.trunk.data"').kind).toBe('bad');
    expect(parseTrunkMessage('{"type": "org.weir.trunk.data"').kind).toBe('bad');
  });
});
