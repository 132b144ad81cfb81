import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPTURE_NAMES, readCapture } from '../../test/fixtures/captures.ts';
import { WeirError } from '../wire/errors.ts';
import { readOffer } from './answer.ts';
import { TERMS, offerText } from './fixtures.ts';
import { EMPTY_LEDGER } from './ledger.ts';
import { readDescription } from './read.ts';

const recorded = CAPTURE_NAMES.flatMap(name => readCapture(name).descriptions);
const offers = recorded.filter(({ side, type }) => side === 'local' && type === 'offer');

describe('readDescription', () => {
  it('reads every recorded description', () => {
    expect(recorded.length).toBeGreaterThan(20);
    for (const { sdp } of recorded) expect(readDescription(sdp).sections.length).toBeGreaterThan(0);
  });

  it('reads what the web SDK offers first', () => {
    const [first] = offers;
    const { stack, sections, groups } = readDescription(first?.sdp ?? '');
    expect(stack).toBe('libwebrtc');
    expect(groups).toEqual([['0', '1', '2']]);
    expect(sections.map(({ mid, content: { type } }) => ({ mid, type }))).toEqual([
      { mid: '0', type: 'media' },
      { mid: '1', type: 'media' },
      { mid: '2', type: 'channel' },
    ]);
    const [audio, video, channel] = sections;
    expect(audio?.content).toMatchObject({ kind: 'audio', direction: 'sendrecv', rids: [] });
    expect(audio?.content).toMatchObject({ ssrcs: [{ rtx: undefined }] });
    expect(video?.content).toMatchObject({
      kind: 'video',
      rids: [
        { rid: 'f', maxWidth: undefined },
        { rid: 'h', maxWidth: undefined },
        { rid: 'q', maxWidth: undefined },
      ],
    });
    expect(channel?.content).toEqual({ type: 'channel', maxMessageSize: 262_144 });
    expect(video?.content.type === 'media' && video.content.codecs[0]).toMatchObject({
      mimeType: 'video/VP8',
      payloadType: 96,
    });
  });

  it('tells the stacks apart', () => {
    const stackOf = (origin: string): string => readDescription(offerText([{ mid: '0' }], origin)).stack;
    expect(stackOf('- 4611 2 IN IP4 127.0.0.1')).toBe('libwebrtc');
    expect(stackOf('mozilla...THIS_IS_SDPARTA-99.0 4611 0 IN IP4 0.0.0.0')).toBe('mozilla');
    expect(stackOf('rtc 4611 0 IN IP4 127.0.0.1')).toBe('other');
    expect(stackOf('- 4611 0 IN IP4 0.0.0.0')).toBe('other');
  });

  it('takes credentials and fingerprint from the head', () => {
    const text = offerText([{ mid: '0' }]);
    const lines = text.split('\r\n');
    const fingerprint = lines.find(line => line.startsWith('a=fingerprint'));
    const moved = lines.filter(line => line !== fingerprint);
    moved.splice(5, 0, fingerprint ?? '');
    expect(readDescription(moved.join('\r\n')).sections[0]?.transport).toMatchObject({
      iceUfrag: 'abcd',
      fingerprint: { algorithm: 'sha-256' },
      setup: 'actpass',
    });
  });

  it('keeps ids that look like numbers', () => {
    const { sections } = readDescription(
      offerText([{ mid: '7', ufrag: '12345', lines: ['a=msid:42 1e3', 'a=ssrc:5 cname:007'] }]),
    );
    expect(sections[0]).toMatchObject({
      mid: '7',
      transport: { iceUfrag: '12345' },
      content: { track: { streamId: '42', trackId: '1e3' }, cname: '007' },
    });
  });

  it.each(['{11738d61-bc78} {2fac1cfb+/=}', 'stream track', '- track'])('reads the ids of a=msid:%s', msid => {
    const { sections } = readDescription(offerText([{ mid: '0', lines: [`a=msid:${msid}`] }]));
    const [streamId, trackId] = msid.split(' ');
    expect(sections[0]?.content).toMatchObject({ track: { streamId, trackId } });
  });

  it('reads restricted, alternative and paused simulcast layers', () => {
    const lines = [
      'a=msid:s t',
      'a=rid:hi send max-width=1280;max-fps=30',
      'a=rid:lo send max-width=320',
      'a=simulcast:recv x send hi,other;~lo',
    ];
    const { sections } = readDescription(offerText([{ mid: '0', kind: 'video', lines }]));
    expect(sections[0]?.content).toMatchObject({
      rids: [
        { rid: 'hi', maxWidth: 1280 },
        { rid: 'lo', maxWidth: 320 },
      ],
    });
  });

  it.each([
    ['nothing', ''],
    ['no section', 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n'],
    ['no mid', offerText([{ mid: '0' }]).replace('a=mid:0\r\n', '')],
    ['one mid twice', offerText([{ mid: '0' }, { mid: '0' }])],
    ['no fingerprint', offerText([{ mid: '0' }]).replace(/a=fingerprint.*\r\n/, '')],
    ['a short fingerprint', offerText([{ mid: '0' }]).replace(/AB:AB/, 'AB')],
    ['no ICE credentials', offerText([{ mid: '0' }]).replace(/a=ice-ufrag.*\r\n/, '')],
    ['too many sections', offerText(Array.from({ length: 513 }, (_, index) => ({ mid: `${index}` })))],
    ['a long line', offerText([{ mid: '0', lines: [`a=msid:${'x'.repeat(5_000)} t`] }])],
    [
      'too many candidates',
      offerText([{ mid: '0', lines: Array<string>(257).fill('a=candidate:1 1 udp 1 ::1 9 typ host') }]),
    ],
    ['a rid without its line', offerText([{ mid: '0', kind: 'video', lines: ['a=simulcast:send f;h'] }])],
    ['one rid twice', offerText([{ mid: '0', kind: 'video', lines: ['a=rid:f send', 'a=simulcast:send f;f'] }])],
    ['an unknown role', offerText([{ mid: '0' }]).replace('setup:actpass', 'setup:holdconn')],
    ['a section in two groups', `${offerText([{ mid: '0' }])}`.replace('s=-', 's=-\r\na=group:BUNDLE 0')],
  ])('refuses %s', (_what, sdp) => {
    expect(() => readDescription(sdp)).toThrow(expect.objectContaining({ code: 'WEIR_BAD_SDP' }));
  });

  it('throws nothing but its own errors, whatever happens to a description', () => {
    const lines = [...new Set(recorded.flatMap(({ sdp }) => sdp.split('\r\n')))];
    const mutation = fc.oneof(
      fc.record({ kind: fc.constant('drop' as const), at: fc.nat() }),
      fc.record({ kind: fc.constant('swap' as const), at: fc.nat(), with: fc.nat() }),
      fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), text: fc.constantFrom(...lines) }),
      fc.record({ kind: fc.constant('noise' as const), at: fc.nat(), text: fc.string({ maxLength: 40 }) }),
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), length: fc.nat({ max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...recorded), fc.array(mutation, { maxLength: 12 }), ({ sdp }, mutations) => {
        const text = sdp.split('\r\n');
        for (const each of mutations) {
          const at = each.at % text.length;
          const line = text[at] ?? '';
          if (each.kind === 'drop') text.splice(at, 1);
          if (each.kind === 'insert') text.splice(at, 0, each.text);
          if (each.kind === 'noise') text[at] = `${line.slice(0, each.text.length)}${each.text}`;
          if (each.kind === 'cut') text[at] = line.slice(0, each.length);
          if (each.kind === 'swap')
            [text[at], text[each.with % text.length]] = [text[each.with % text.length] ?? '', line];
        }
        try {
          readOffer(EMPTY_LEDGER, readDescription(text.join('\r\n')), TERMS);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(WeirError);
          expect(thrown).toMatchObject({ code: 'WEIR_BAD_SDP' });
        }
      }),
      { seed: 20_261_123, numRuns: 800 },
    );
  }, 60_000);
});
