import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOffer } from './answer.ts';
import { offerText, simulcastLines, TERMS } from './fixtures.ts';
import { EMPTY_LEDGER } from './ledger.ts';
import { readDescription } from './read.ts';
import { EXTENSION } from './rtp.ts';
import type { ReceivingSection, Section } from './sections.ts';
import { type LocalDescription, writeDescription } from './write.ts';

const TRANSPORT: LocalDescription['transport'] = {
  iceUfrag: 'ufrag',
  icePwd: 'passwordpasswordpassword',
  fingerprint: { type: 'sha-256', hash: Array.from({ length: 32 }, () => 'CD').join(':') },
  candidates: [
    { foundation: 'u', priority: 2, address: '192.0.2.1', port: 40_000, protocol: 'udp' },
    { foundation: 't', priority: 1, address: '2001:db8::1', port: 40_000, protocol: 'tcp' },
  ],
  setup: 'passive',
};

const RECEIVING: ReceivingSection = {
  kind: 'receiving',
  mid: 's0',
  media: 'video',
  direction: 'sendonly',
  body: {
    protocol: 'UDP/TLS/RTP/SAVPF',
    codecs: [
      { mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000, parameters: {}, rtcpFeedback: [{ type: 'nack' }] },
      { mimeType: 'video/rtx', payloadType: 100, clockRate: 90_000, parameters: { apt: 96 }, rtcpFeedback: [] },
    ],
    extensions: [{ uri: EXTENSION.mid, id: 1 }],
  },
  sent: {
    track: { streamId: 'stream', trackId: 'track' },
    encodings: [{ ssrc: 4_000_000_000, rtx: { ssrc: 7 } }],
    cname: 'cname',
  },
};

function asked(): Section[] {
  const offer = offerText([
    { mid: '0' },
    { mid: '1', kind: 'video', lines: simulcastLines('camera') },
    { mid: '2', kind: 'application' },
    { mid: '3', kind: 'video', lines: simulcastLines('screen') },
  ]);
  return readOffer(EMPTY_LEDGER, readDescription(offer), TERMS).map(({ section }) => section);
}

function text(
  type: 'offer' | 'answer',
  sections: readonly Section[],
  stack: LocalDescription['stack'] = 'libwebrtc',
): string {
  return writeDescription({ type, stack, version: 3, sessionId: 5, sections, transport: TRANSPORT });
}

const sectionOf = (sdp: string, mid: string): string =>
  `${sdp.split(/\r\n(?=m=)/).find(section => section.includes(`a=mid:${mid}\r\n`)) ?? ''}\r\n`;

describe('writeDescription', () => {
  it('answers in one group, passive, with the candidates in its first section', () => {
    const sdp = text('answer', asked());
    expect(sdp).toContain('o=- 5 3 IN IP4 0.0.0.0\r\n');
    expect(sdp).toContain('a=ice-lite\r\n');
    expect(sdp).toContain('a=group:BUNDLE 0 1 2 3\r\n');
    expect(sdp.match(/a=setup:passive/g)).toHaveLength(4);
    expect(sdp.match(/a=candidate:/g)).toHaveLength(2);
    expect(sectionOf(sdp, '0')).toContain('a=candidate:t 1 tcp 1 2001:db8::1 40000 typ host tcptype passive\r\n');
    expect(sectionOf(sdp, '0')).toContain('b=TIAS:64000\r\n');
    expect(sectionOf(sdp, '1')).toContain('a=simulcast:recv f;h;q\r\n');
    expect(sectionOf(sdp, '2')).toContain('a=sctp-port:5000\r\na=max-message-size:262144\r\n');
  });

  it('keeps a deferred section inactive in the answer, and brings it with the extensions in the offer', () => {
    const [answer, offer] = [text('answer', asked()), text('offer', asked())];
    expect(sectionOf(answer, '3')).toContain('a=inactive\r\n');
    expect(sectionOf(answer, '3')).not.toContain('a=simulcast');
    expect(answer).not.toContain(EXTENSION.mid);
    expect(answer).not.toContain('transport-cc');
    expect(sectionOf(offer, '3')).toContain('a=recvonly\r\n');
    expect(sectionOf(offer, '3')).toContain('a=simulcast:recv f;h;q\r\n');
    expect(sectionOf(offer, '3')).toContain(`a=extmap:1 ${EXTENSION.mid}\r\n`);
    expect(sectionOf(offer, '3')).toContain('a=rtcp-fb:96 transport-cc\r\n');
  });

  it('says whose tracks it sends', () => {
    const section = sectionOf(text('offer', [...asked(), RECEIVING]), 's0');
    expect(section).toContain('a=sendonly\r\n');
    expect(section).toContain('a=msid:stream track\r\n');
    expect(section).toContain('a=ssrc:4000000000 cname:cname\r\n');
    expect(section).toContain('a=ssrc-group:FID 4000000000 7\r\n');
    expect(section).toContain('a=setup:actpass\r\n');
    const inactive = sectionOf(text('offer', [{ ...RECEIVING, direction: 'inactive' }]), 's0');
    expect(inactive).toContain('a=inactive\r\n');
    expect(inactive).not.toContain('ssrc');
    expect(sectionOf(text('offer', [RECEIVING], 'other'), 's0')).toContain('a=setup:passive\r\n');
  });

  it('writes refused sections with port 0, outside the group', () => {
    const refused: Section = {
      kind: 'refused',
      mid: 'x',
      line: { type: 'video', protocol: 'UDP/TLS/RTP/SAVPF', payloads: '102 103' },
    };
    const sdp = text('answer', [refused, RECEIVING]);
    expect(sdp).toContain('a=group:BUNDLE s0\r\n');
    expect(sdp).toContain('m=video 0 UDP/TLS/RTP/SAVPF 102 103\r\n');
    expect(sectionOf(sdp, 's0').match(/a=candidate:/g)).toHaveLength(2);
  });

  it('writes what can be read again', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9-]{1,40}$/);
    const ssrc = fc.integer({ min: 1, max: 0xffff_ffff });
    fc.assert(
      fc.property(
        id,
        id,
        ssrc,
        ssrc,
        fc.constantFrom('sendonly', 'inactive'),
        (streamId, trackId, media, rtx, direction) => {
          fc.pre(media !== rtx);
          const sent = { track: { streamId, trackId }, encodings: [{ ssrc: media, rtx: { ssrc: rtx } }], cname: 'c' };
          const section: ReceivingSection = { ...RECEIVING, direction, sent };
          const { sections, groups } = readDescription(text('offer', [...asked(), section]));
          expect(groups).toEqual([['0', '1', '2', '3', 's0']]);
          expect(sections.at(-1)).toMatchObject({
            mid: 's0',
            transport: { iceUfrag: 'ufrag' },
            content: {
              direction,
              codecs: RECEIVING.body.codecs.map(({ mimeType, payloadType }) => ({ mimeType, payloadType })),
              track: direction === 'sendonly' ? { streamId, trackId } : undefined,
              ssrcs: direction === 'sendonly' ? [{ ssrc: media, rtx }] : [],
            },
          });
        },
      ),
      { seed: 20_261_123, numRuns: 300 },
    );
  });
});
