import { describe, expect, it } from 'vitest';
import { readCapture } from '../../test/fixtures/captures.ts';
import { type Asked, readOffer, withinOffer } from './answer.ts';
import { type OfferedSection, offerText, simulcastLines, TERMS } from './fixtures.ts';
import { EMPTY_LEDGER, type Ledger } from './ledger.ts';
import { readDescription } from './read.ts';
import { EXTENSION } from './rtp.ts';
import type { ReceivingSection } from './sections.ts';

const OURS: ReceivingSection = {
  kind: 'receiving',
  mid: 's0',
  media: 'video',
  direction: 'sendonly',
  body: { protocol: 'UDP/TLS/RTP/SAVPF', codecs: [], extensions: [] },
  sent: { track: { streamId: 's', trackId: 't' }, encodings: [{ ssrc: 1 }], cname: 'c' },
};

function ask(sections: OfferedSection[], ledger: Ledger = EMPTY_LEDGER, origin?: string): Asked[] {
  return readOffer(ledger, readDescription(offerText(sections, origin)), TERMS);
}

function first(sections: OfferedSection[], origin?: string): Asked {
  const [asked] = ask(sections, EMPTY_LEDGER, origin);
  if (asked === undefined) throw new Error('no section');
  return asked;
}

describe('readOffer', () => {
  it('takes the first offer of the web SDK', () => {
    const offer = readCapture('js-sdk-3-party').descriptions.find(
      ({ side, type }) => side === 'local' && type === 'offer',
    );
    const [audio, video, channel] = readOffer(EMPTY_LEDGER, readDescription(offer?.sdp ?? ''), TERMS);
    expect(audio).toMatchObject({
      act: 'publish',
      section: { direction: 'recvonly', maxBitrate: 64_000 },
      parameters: {
        mid: '0',
        codecs: [{ mimeType: 'audio/opus', payloadType: 111, parameters: { useinbandfec: 1, usedtx: 1 } }],
        encodings: [{}],
      },
    });
    expect(video).toMatchObject({
      act: 'publish',
      section: { direction: 'recvonly', rids: ['f', 'h', 'q'] },
      parameters: {
        codecs: [{ payloadType: 96 }, { payloadType: 97, parameters: { apt: 96 } }],
        encodings: [
          { rid: 'q', scalabilityMode: 'L1T3' },
          { rid: 'h', scalabilityMode: 'L1T3' },
          { rid: 'f', scalabilityMode: 'L1T3' },
        ],
      },
    });
    expect(channel).toMatchObject({ act: 'channel', maxMessageSize: 262_144 });
  });

  it.each([
    ['sendrecv', 'publish', 'recvonly'],
    ['sendonly', 'publish', 'recvonly'],
    ['recvonly', 'idle', 'inactive'],
    ['inactive', 'idle', 'inactive'],
  ])('answers a section of the client that is %s', (direction, act, answered) => {
    expect(first([{ mid: '0', direction }])).toMatchObject({ act, section: { direction: answered } });
  });

  it.each([
    ['sendrecv', true],
    ['recvonly', true],
    ['sendonly', false],
    ['inactive', false],
  ])('answers a section of ours that is %s', (direction, wanted) => {
    const ledger = { ...EMPTY_LEDGER, agreed: [OURS] };
    expect(ask([{ mid: 's0', kind: 'video', direction }], ledger)).toMatchObject([{ act: 'receive', wanted }]);
  });

  it('refuses what cannot be forwarded, and says why', () => {
    const h264 = ['a=rtpmap:102 H264/90000', 'a=msid:s t'];
    expect(first([{ mid: '0', kind: 'video', payloads: '102', lines: h264 }])).toMatchObject({
      act: 'refuse',
      section: { kind: 'refused', line: { type: 'video', payloads: '102' } },
      refusal: { mid: '0', code: 'WEIR_NO_COMMON_CODEC' },
    });
    const collides = ['a=rtpmap:96 opus/48000/2', 'a=msid:s t', 'a=ssrc:1 cname:c'];
    expect(first([{ mid: '0', payloads: '96', lines: collides }])).toMatchObject({
      act: 'refuse',
      refusal: { code: 'WEIR_PAYLOAD_COLLISION' },
    });
    expect(first([{ mid: '0', lines: ['a=ssrc:1 cname:c'] }])).toMatchObject({
      act: 'idle',
      section: { direction: 'inactive' },
      refusal: { code: 'WEIR_BAD_SDP' },
    });
    expect(first([{ mid: '0', lines: ['a=msid:s t'] }])).toMatchObject({
      act: 'idle',
      refusal: { code: 'WEIR_BAD_SDP' },
    });
  });

  it('leaves a retransmission out whose payload type the focus uses otherwise', () => {
    const lines = [
      'a=rtpmap:120 VP8/90000',
      'a=rtpmap:111 rtx/90000',
      'a=fmtp:111 apt=120',
      'a=msid:s t',
      'a=ssrc:1 cname:c',
    ];
    const asked = first([{ mid: '0', kind: 'video', payloads: '120 111', lines }]);
    expect(asked).toMatchObject({ act: 'publish', parameters: { codecs: [{ payloadType: 120 }] } });
    expect(asked.act === 'publish' && asked.parameters.codecs).toHaveLength(1);
  });

  it('drops ids that its own packets carry, and offers its own for them', () => {
    const asked = first([{ mid: '0', kind: 'video', lines: simulcastLines('t') }]);
    expect(asked.act === 'publish' && asked.section.body.extensions).toEqual([
      { uri: EXTENSION.rid, id: 10 },
      { uri: EXTENSION.repairedRid, id: 11 },
    ]);
    expect(asked.act === 'publish' && asked.section.added).toEqual([
      { uri: EXTENSION.transportCc, id: 5 },
      { uri: EXTENSION.mid, id: 1 },
    ]);
    // The engine is told at once what it will see.
    expect(asked.act === 'publish' && asked.parameters.headerExtensions).toHaveLength(4);
  });

  it('lets Firefox keep its ids, and adds none', () => {
    const lines = [
      'a=msid:s t',
      'a=ssrc:1 cname:c',
      `a=extmap:1 ${EXTENSION.audioLevel}`,
      `a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level`,
      `a=extmap:3/sendonly ${EXTENSION.mid}`,
      `a=extmap:7 ${EXTENSION.transportCc}`,
    ];
    const asked = first([{ mid: '0', lines }], 'mozilla...THIS_IS_SDPARTA-99.0 1 0 IN IP4 0.0.0.0');
    expect(asked).toMatchObject({
      act: 'publish',
      section: {
        body: {
          extensions: [
            { uri: EXTENSION.mid, id: 3, direction: 'recvonly' },
            { uri: EXTENSION.transportCc, id: 7 },
          ],
        },
        added: [],
      },
    });
  });

  it('defers a second section with the same rids until mids can tell them apart', () => {
    const sections = ['camera', 'screen'].map(mid => ({ mid, kind: 'video' as const, lines: simulcastLines(mid) }));
    expect(ask(sections)).toMatchObject([
      { act: 'publish', section: { direction: 'recvonly' } },
      { act: 'publish', section: { direction: 'deferred' } },
    ]);
  });

  it('takes a second section with the same rids where mids are told already', () => {
    const own = (mid: string): string[] => simulcastLines(mid).map(line => line.replace('extmap:4 ', 'extmap:1 '));
    const sections = ['camera', 'screen'].map(mid => ({ mid, kind: 'video' as const, lines: own(mid) }));
    expect(ask(sections)).toMatchObject([
      { act: 'publish', section: { direction: 'recvonly' } },
      { act: 'publish', section: { direction: 'recvonly' } },
    ]);
  });

  it('refuses a second data channel section, and sections outside the group', () => {
    const channels = [
      { mid: '0', kind: 'application' as const },
      { mid: '1', kind: 'application' as const },
    ];
    expect(ask(channels)).toMatchObject([{ act: 'channel' }, { act: 'refuse' }]);
    const unbundled = offerText([{ mid: '0' }, { mid: '1' }]).replace('BUNDLE 0 1', 'BUNDLE 0');
    expect(readOffer(EMPTY_LEDGER, readDescription(unbundled), TERMS)).toMatchObject([
      { act: 'publish' },
      { act: 'refuse', refusal: { mid: '1' } },
    ]);
  });

  it('takes another section in the place of a dead one', () => {
    const ledger: Ledger = {
      ...EMPTY_LEDGER,
      agreed: [{ kind: 'refused', mid: '0', line: { type: 'audio', protocol: 'UDP/TLS/RTP/SAVPF', payloads: '111' } }],
    };
    expect(ask([{ mid: 'new', kind: 'video' }], ledger)).toMatchObject([{ act: 'publish', section: { mid: 'new' } }]);
    expect(ask([{ mid: '0', port: 0 }, { mid: '1' }], ledger)).toMatchObject([{ act: 'refuse' }, { act: 'publish' }]);
  });

  it.each([
    ['has lost an m-line', [{ mid: 'a' }]],
    ['renames a section', [{ mid: 'x' }, { mid: 's0', kind: 'video' as const }]],
    [
      'changes the kind of a section',
      [
        { mid: 'a', kind: 'video' as const },
        { mid: 's0', kind: 'video' as const },
      ],
    ],
    ['moves a section of ours', [{ mid: 's0', kind: 'video' as const }, { mid: 'a' }]],
  ])('refuses an offer that %s', (_what, sections) => {
    const [asked] = ask([{ mid: 'a' }]);
    if (asked?.act !== 'publish') throw new Error('not published');
    const ledger = { ...EMPTY_LEDGER, agreed: [asked.section, OURS] };
    expect(() => ask(sections, ledger)).toThrow(expect.objectContaining({ code: 'WEIR_BAD_SDP' }));
  });
});

describe('withinOffer', () => {
  const codec = (payloadType: number, ...feedback: string[]) => ({
    mimeType: 'video/VP8',
    payloadType,
    clockRate: 90_000,
    parameters: {},
    rtcpFeedback: feedback.map(type => ({ type })),
  });
  const answered: ReceivingSection = {
    ...OURS,
    body: {
      protocol: 'UDP/TLS/RTP/SAVPF',
      codecs: [codec(96, 'nack', 'transport-cc'), codec(100)],
      extensions: [
        { uri: EXTENSION.mid, id: 1 },
        { uri: EXTENSION.transportCc, id: 5 },
      ],
    },
  };
  function within(lines: string[], payloads = '96'): ReceivingSection {
    const [asked] = ask([{ mid: 's0', kind: 'video', direction: 'recvonly', payloads, lines }], {
      ...EMPTY_LEDGER,
      agreed: [answered],
    });
    if (asked?.act !== 'receive') throw new Error('not a section of ours');
    return withinOffer(answered, asked.offered);
  }

  it('leaves out what the client did not offer', () => {
    const { direction, body } = within(['a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack', `a=extmap:1 ${EXTENSION.mid}`]);
    expect(direction).toBe('sendonly');
    expect(body).toMatchObject({ codecs: [codec(96, 'nack')], extensions: [{ id: 1 }] });
    expect([body.codecs.length, body.extensions.length]).toEqual([1, 1]);
  });

  it('sends nothing where no codec is left', () => {
    expect(within(['a=rtpmap:102 H264/90000'], '102')).toMatchObject({
      direction: 'inactive',
      body: { extensions: [] },
    });
  });
});
