import { expect, it } from 'vitest';
import { readDescription } from '../../signalling/sdp/read.ts';
import type { SentTrack } from '../peers/endpoint.ts';
import { readFocusDescription } from './focus-description.ts';
import { type OwnSection, writeDescription } from './peer-description.ts';

const transport = { ufrag: 'ufrag', password: 'a password of 22 chars'.replaceAll(' ', '+'), fingerprint: hash() };
const camera: SentTrack = { kind: 'video', streamId: 'stream', trackId: 'camera', direction: 'sendrecv' };
const voice: SentTrack = { kind: 'audio', streamId: 'stream', trackId: 'voice', direction: 'sendonly' };

function hash(): string {
  return Array.from({ length: 32 }, () => 'AB').join(':');
}

const sections: OwnSection[] = [
  { kind: 'sent', mid: 'c0', sent: { track: voice, ssrcs: [{ ssrc: 1, rtx: undefined }] } },
  {
    kind: 'sent',
    mid: 'c1',
    sent: {
      track: camera,
      ssrcs: [
        { ssrc: 10, rtx: 11 },
        { ssrc: 20, rtx: 21 },
        { ssrc: 30, rtx: 31 },
      ],
    },
  },
  { kind: 'channel', mid: 'c2' },
];

it('offers what the focus reads as a voice, three layers, and a data channel over one transport', () => {
  const read = readDescription(writeDescription({ type: 'offer', version: 1, transport, sections }));
  expect(read.groups).toEqual([['c0', 'c1', 'c2']]);
  expect(read.stack).toBe('other');
  const [audio, video, channel] = read.sections.map(({ content }) => content);
  expect(audio).toMatchObject({ kind: 'audio', track: { streamId: 'stream', trackId: 'voice' }, ssrcs: [{ ssrc: 1 }] });
  expect(video).toMatchObject({
    kind: 'video',
    ssrcs: [
      { ssrc: 10, rtx: 11 },
      { ssrc: 20, rtx: 21 },
      { ssrc: 30, rtx: 31 },
    ],
  });
  expect(channel).toMatchObject({ type: 'channel', maxMessageSize: 262_144 });
  expect(read.sections.every(each => each.transport?.setup === 'actpass')).toBe(true);
});

it('answers a section of the focus with all that it offers, and leaves refused ones alone', () => {
  const offer = [
    'v=0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96 100',
    'a=mid:s0',
    'a=sendonly',
    'a=rtpmap:96 VP8/90000',
    'a=rtpmap:100 rtx/90000',
    'a=fmtp:100 apt=96',
    'a=rtcp-fb:96 transport-cc',
    'a=msid:stream track',
    'a=ice-ufrag:u',
    'a=ice-pwd:p',
    'a=fingerprint:sha-256 AB',
    'a=candidate:1 1 udp 1 127.0.0.1 1 typ host',
    'm=audio 0 UDP/TLS/RTP/SAVPF 111',
    'a=mid:s1',
    'a=inactive',
  ].join('\r\n');
  const received = readFocusDescription(offer).sections.map(
    (offered): OwnSection => ({ kind: 'received', mid: offered.mid, offered }),
  );
  const answer = writeDescription({ type: 'answer', version: 2, transport, sections: [...sections, ...received] });
  const read = readDescription(answer);
  expect(read.groups).toEqual([['c0', 'c1', 'c2', 's0']]);
  expect(read.sections[3]).toMatchObject({
    mid: 's0',
    rejected: false,
    transport: { setup: 'active' },
    content: { direction: 'recvonly', codecs: [{ payloadType: 96 }, { payloadType: 100, parameters: { apt: 96 } }] },
  });
  expect(read.sections[4]).toMatchObject({ mid: 's1', rejected: true });
});
