import { describe, expect, it } from 'vitest';
import { type OfferedSection, offerText } from './fixtures.ts';
import {
  afterOurAnswer,
  afterOurOffer,
  afterTheirAnswer,
  EMPTY_LEDGER,
  type Ledger,
  mayCarry,
  midFor,
} from './ledger.ts';
import { readDescription } from './read.ts';
import type { ChannelSection, ReceivingSection } from './sections.ts';

const CHANNEL: ChannelSection = {
  kind: 'channel',
  mid: '0',
  line: { type: 'application', protocol: 'UDP/DTLS/SCTP', payloads: 'webrtc-datachannel' },
};
const CHANNEL_TEXT: OfferedSection = { mid: '0', kind: 'application' };

const ours = (mid: string, media: 'audio' | 'video' = 'video'): ReceivingSection => ({
  kind: 'receiving',
  mid,
  media,
  direction: 'sendonly',
  body: { protocol: 'UDP/TLS/RTP/SAVPF', codecs: [], extensions: [] },
  sent: { track: { streamId: 's', trackId: mid }, encodings: [{ ssrc: 1 }], cname: 'c' },
});
const theirs = (mid: string, direction = 'recvonly', port = 9): OfferedSection => ({
  mid,
  kind: 'video',
  direction,
  port,
});

const joined: Ledger = afterOurAnswer(EMPTY_LEDGER, [CHANNEL]);
const answer = (sections: OfferedSection[]) => readDescription(offerText(sections));
const midsOf = (ledger: Ledger): string[] => (ledger.offered ?? []).map(({ mid }) => mid);
const directionsOf = (ledger: Ledger): unknown[] =>
  ledger.agreed.map(section => (section.kind === 'receiving' ? section.direction : section.kind));

describe('the ledger of sections', () => {
  it('appends what is new, and keeps what is agreed', () => {
    const offered = afterOurOffer(joined, [ours('s0'), ours('s1')]);
    expect(midsOf(offered)).toEqual(['0', 's0', 's1']);
    const { ledger, taken } = afterTheirAnswer(offered, answer([CHANNEL_TEXT, theirs('s0'), theirs('s1')]));
    expect(directionsOf(ledger)).toEqual(['channel', 'sendonly', 'sendonly']);
    expect([...taken]).toEqual([
      ['s0', 'receives'],
      ['s1', 'receives'],
    ]);
  });

  it('makes sections inactive whose track is gone, and reuses them only once that is agreed', () => {
    const first = afterTheirAnswer(afterOurOffer(joined, [ours('s0')]), answer([CHANNEL_TEXT, theirs('s0')])).ledger;
    // Within the offer that ends s0, a new track gets a section of its own.
    expect(midFor(first, 'video', new Set())).toBe('s1');
    const ended = afterTheirAnswer(afterOurOffer(first, []), answer([CHANNEL_TEXT, theirs('s0', 'inactive')])).ledger;
    expect(directionsOf(ended)).toEqual(['channel', 'inactive']);
    expect(midFor(ended, 'video', new Set())).toBe('s0');
    expect(midFor(ended, 'audio', new Set())).toBe('s1');
    expect(midFor(ended, 'video', new Set(['s0']))).toBe('s1');
    expect(midsOf(afterOurOffer(ended, [ours('s0')]))).toEqual(['0', 's0']);
  });

  it.each([
    ['inactive', 9, 'holds', 'inactive'],
    ['sendonly', 9, 'holds', 'inactive'],
    ['recvonly', 0, 'refuses', 'refused'],
    ['sendrecv', 9, 'receives', 'sendonly'],
  ])('takes an answer that is %s with port %i', (direction, port, outcome, agreed) => {
    const offered = afterOurOffer(joined, [ours('s0')]);
    const { ledger, taken } = afterTheirAnswer(offered, answer([CHANNEL_TEXT, theirs('s0', direction, port)]));
    expect(taken.get('s0')).toBe(outcome);
    expect(directionsOf(ledger)).toEqual(['channel', agreed]);
  });

  it('puts a new section in the place of a dead one, under another mid', () => {
    const offered = afterOurOffer(joined, [ours('s0')]);
    const { ledger } = afterTheirAnswer(offered, answer([CHANNEL_TEXT, theirs('s0', 'recvonly', 0)]));
    const mid = midFor(ledger, 'video', new Set());
    expect(mid).toBe('s1');
    expect(mayCarry(ledger, 's0')).toBe(false);
    expect(midsOf(afterOurOffer(ledger, [ours(mid)]))).toEqual(['0', 's1']);
  });

  it('rolls an offer back when the client offers, and refuses the late answer to it', () => {
    const offered = afterOurOffer(joined, [ours('s0')]);
    const rolledBack = afterOurAnswer(offered, [CHANNEL, { ...ours('3'), mid: '3' }]);
    expect(rolledBack.agreed).toHaveLength(2);
    const late = answer([CHANNEL_TEXT, theirs('s0')]);
    expect(() => afterTheirAnswer(rolledBack, late)).toThrow(
      expect.objectContaining({ code: 'WEIR_UNEXPECTED_MESSAGE' }),
    );
    const again = afterOurOffer(rolledBack, [ours('s0')]);
    expect(midsOf(again)).toEqual(['0', '3', 's0']);
    expect(() => afterTheirAnswer(again, late)).toThrow(expect.objectContaining({ code: 'WEIR_UNEXPECTED_MESSAGE' }));
  });

  it('refuses an answer that does not fit', () => {
    const offered = afterOurOffer(joined, [ours('s0')]);
    expect(() => afterTheirAnswer(joined, answer([CHANNEL_TEXT]))).toThrow(
      expect.objectContaining({ code: 'WEIR_UNEXPECTED_MESSAGE' }),
    );
    for (const sections of [[CHANNEL_TEXT], [CHANNEL_TEXT, { ...theirs('s0'), kind: 'audio' as const }]]) {
      expect(() => afterTheirAnswer(offered, answer(sections))).toThrow(
        expect.objectContaining({ code: 'WEIR_BAD_SDP' }),
      );
    }
  });

  it('never gives a mid that either end uses', () => {
    const ledger: Ledger = { ...joined, agreed: [CHANNEL, { ...CHANNEL, mid: 's0' }] };
    expect(midFor(ledger, 'video', new Set(['s1']))).toBe('s2');
  });
});
