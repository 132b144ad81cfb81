import { describe, expect, it } from 'vitest';
import { type Asked, readOffer } from './answer.ts';
import type { Terms } from './agree.ts';
import { receivableCodecs, withCodecs } from './codecs.ts';
import { CAPABILITIES, type OfferedSection, offerText, TERMS } from './fixtures.ts';
import { EMPTY_LEDGER } from './ledger.ts';
import { readDescription } from './read.ts';
import { type Capabilities, EXTENSION } from './rtp.ts';
import { areLayersApart, spatialLayersOf } from './svc.ts';

const VIDEO = { kind: 'video' as const, clockRate: 90_000, rtcpFeedback: [] };
/** With all codecs, as the media engine numbers them. */
const ALL: Capabilities = {
  codecs: [
    ...CAPABILITIES.codecs,
    { ...VIDEO, mimeType: 'video/VP9', preferredPayloadType: 98, parameters: { 'profile-id': 0 } },
    { ...VIDEO, mimeType: 'video/rtx', preferredPayloadType: 101, parameters: { apt: 98 } },
    {
      ...VIDEO,
      mimeType: 'video/H264',
      preferredPayloadType: 108,
      parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
    },
    { ...VIDEO, mimeType: 'video/rtx', preferredPayloadType: 102, parameters: { apt: 108 } },
    { ...VIDEO, mimeType: 'video/AV1', preferredPayloadType: 45, parameters: {} },
    { ...VIDEO, mimeType: 'video/rtx', preferredPayloadType: 103, parameters: { apt: 45 } },
  ],
  headerExtensions: [
    ...CAPABILITIES.headerExtensions,
    { kind: 'video', uri: EXTENSION.dependencyDescriptor, preferredId: 7, direction: 'recvonly' },
  ],
};

const CODEC_LINES: Record<string, string[]> = {
  VP8: ['a=rtpmap:96 VP8/90000'],
  VP9: ['a=rtpmap:98 VP9/90000', 'a=fmtp:98 profile-id=0', 'a=rtpmap:99 rtx/90000', 'a=fmtp:99 apt=98'],
  VP9_2: ['a=rtpmap:97 VP9/90000', 'a=fmtp:97 profile-id=2'],
  H264: ['a=rtpmap:108 H264/90000', 'a=fmtp:108 packetization-mode=1;profile-level-id=42e01f'],
  H264_HIGH: ['a=rtpmap:116 H264/90000', 'a=fmtp:116 packetization-mode=1;profile-level-id=4d001f'],
  H264_MODE_0: ['a=rtpmap:114 H264/90000', 'a=fmtp:114 packetization-mode=0;profile-level-id=42e01f'],
  AV1: ['a=rtpmap:45 AV1/90000', 'a=fmtp:45 level-idx=5;profile=0;tier=0'],
  AV1_1: ['a=rtpmap:46 AV1/90000', 'a=fmtp:46 profile=1'],
};
const DESCRIPTOR = `a=extmap:13 ${EXTENSION.dependencyDescriptor}`;
const SINGLE = ['a=msid:s t', 'a=ssrc:1 cname:c'];
const LAYERED = [
  'a=msid:s t',
  `a=extmap:1 ${EXTENSION.mid}`,
  `a=extmap:10 ${EXTENSION.rid}`,
  'a=rid:f send',
  'a=rid:q send',
  'a=simulcast:send f;q',
];

function section(names: string[], lines = SINGLE): OfferedSection {
  const codecs = names.flatMap(name => CODEC_LINES[name] ?? []);
  const payloads = codecs.flatMap(line => /^a=rtpmap:(\d+)/.exec(line)?.[1] ?? []).join(' ');
  return { mid: '0', kind: 'video', payloads, lines: [...codecs, ...lines] };
}

function ask(names: string[], lines = SINGLE, terms: Partial<Terms> = {}): Asked {
  const offer = readDescription(offerText([section(names, lines)]));
  const [asked] = readOffer(EMPTY_LEDGER, offer, { ...TERMS, capabilities: ALL, ...terms });
  if (asked === undefined) throw new Error('no section');
  return asked;
}

function codecOf(asked: Asked): string | undefined {
  return asked.act === 'publish' ? asked.parameters.codecs[0]?.mimeType : undefined;
}

describe('the codec of a section', () => {
  it.each([
    [['H264', 'VP8'], 'video/H264'],
    [['VP8', 'H264'], 'video/VP8'],
    [['VP9_2', 'VP9'], 'video/VP9'],
    [['H264_HIGH', 'H264_MODE_0', 'H264'], 'video/H264'],
  ])('of %j is the first that the focus forwards: %s', (names, codec) => {
    expect(codecOf(ask(names))).toBe(codec);
  });

  it('is the one that the focus prefers, where it is to choose', () => {
    expect(codecOf(ask(['H264', 'VP8'], SINGLE, { codecOrder: 'focus' }))).toBe('video/VP8');
  });

  it.each([[['VP9_2']], [['H264_HIGH', 'H264_MODE_0']], [['AV1_1']]])('is none in profiles such as %j', names => {
    expect(ask(names)).toMatchObject({ act: 'refuse', refusal: { code: 'WEIR_NO_COMMON_CODEC' } });
  });

  it('is AV1 only where the client describes its frames, which then comes under the focus’s id', () => {
    expect(codecOf(ask(['AV1', 'VP8']))).toBe('video/VP8');
    const asked = ask(['AV1', 'VP8'], [...SINGLE, DESCRIPTOR]);
    expect(codecOf(asked)).toBe('video/AV1');
    expect(asked.act === 'publish' && asked.section.added).toContainEqual({
      uri: EXTENSION.dependencyDescriptor,
      id: 7,
    });
    const other = ask(['VP8'], [...SINGLE, DESCRIPTOR]);
    expect(other.act === 'publish' && other.section.added).toEqual([]);
  });
});

describe('layers', () => {
  it('of VP8 and H264 are streams of their own', () => {
    for (const name of ['VP8', 'H264']) {
      expect(ask([name], LAYERED)).toMatchObject({
        section: { rids: ['f', 'q'] },
        parameters: { encodings: [{ rid: 'q' }, { rid: 'f' }] },
      });
    }
  });

  it('of VP9 come in one stream: simulcast is declined', () => {
    const asked = ask(['VP9'], LAYERED);
    expect(asked).toMatchObject({ act: 'publish', section: { rids: [] } });
    expect(asked.act === 'publish' && asked.parameters.encodings).toEqual([{}]);
  });

  it.each([
    ['VP9', 'L3T3_KEY', 'L3T3_KEY'],
    ['VP9', 'L1T2', 'L1T2'],
    ['VP9', 'S3T3', undefined],
    ['VP9', 'nonsense', undefined],
    ['VP8', 'L3T3_KEY', undefined],
  ])('of %s said to be %s are %s', (name, said, mode) => {
    const asked = ask([name], SINGLE, { scalabilityModeOf: ({ trackId }) => (trackId === 't' ? said : undefined) });
    expect(asked.act === 'publish' && asked.parameters.encodings[0]?.scalabilityMode).toBe(mode);
  });

  it.each([
    ['L3T3_KEY', 3, true],
    ['L2T1h', 2, false],
    ['L1T3', 1, false],
    ['L3T3_KEY_SHIFT', 3, true],
    ['S2T1', undefined, false],
    ['L4T1', undefined, false],
  ])('of %s are %s', (mode, layers, apart) => {
    expect(spatialLayersOf(mode)).toBe(layers);
    expect(areLayersApart(mode)).toBe(apart);
  });
});

describe('what a client receives', () => {
  const receives = (sections: OfferedSection[], capabilities = ALL): string[] =>
    receivableCodecs(readDescription(offerText(sections)), capabilities);

  it('is what any of its sections offers', () => {
    const second = {
      ...section(['VP9']),
      mid: '1',
      lines: [...(CODEC_LINES['VP9'] ?? []), 'a=msid:s u', 'a=ssrc:3 cname:c'],
    };
    expect(receives([section(['H264']), second])).toEqual(['opus', 'VP9', 'H264']);
    expect(receives([{ mid: '1' }, section(['VP8'])])).toEqual(['opus', 'VP8']);
  });

  it('is everything of a kind of which it offers no section', () => {
    expect(receives([{ mid: '0' }])).toEqual(['opus', 'VP8', 'VP9', 'H264', 'AV1']);
  });

  it('is no AV1 where frames cannot be described to it', () => {
    const { codecs, headerExtensions } = ALL;
    const plain = headerExtensions.filter(({ uri }) => uri !== EXTENSION.dependencyDescriptor);
    expect(receives([section(['AV1', 'VP8'])], { codecs, headerExtensions: plain })).toEqual(['opus', 'VP8']);
  });

  it('is sent with its retransmission', () => {
    expect(withCodecs(ALL, ['H264']).codecs.map(({ preferredPayloadType }) => preferredPayloadType)).toEqual([
      108, 102,
    ]);
  });
});
