import { describe, expect, it } from 'vitest';
import { readFocusDescription } from './focus-description.ts';

const TRANSPORT = [
  'a=ice-ufrag:ufrag',
  'a=ice-pwd:password',
  'a=fingerprint:sha-256 ab:cd',
  'a=candidate:udpcandidate 1 udp 1076558079 127.0.0.1 40000 typ host',
];

function described(...sections: string[][]): string {
  const lines = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', ...sections.flat()];
  return `${lines.join('\r\n')}\r\n`;
}

const video = [
  'm=video 9 UDP/TLS/RTP/SAVPF 96 100',
  'a=mid:s1',
  'a=sendonly',
  'a=msid:stream track',
  'a=rtcp-fb:96 nack',
  'a=rtcp-fb:96 nack pli',
  'a=extmap:5/sendonly http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'a=ssrc:1 cname:c',
  'a=ssrc:2 cname:c',
  'a=ssrc-group:FID 1 2',
];

describe('a description of the focus', () => {
  it('names the transport of its first living section, and what each section sends', () => {
    const { transport, sections } = readFocusDescription(described([...video, ...TRANSPORT]));
    expect(transport).toEqual({
      ufrag: 'ufrag',
      password: 'password',
      algorithm: 'sha-256',
      fingerprint: 'AB:CD',
      address: '127.0.0.1',
      port: 40_000,
    });
    expect(sections).toMatchObject([
      {
        mid: 's1',
        media: 'video',
        direction: 'sendonly',
        track: { streamId: 'stream', trackId: 'track' },
        ssrc: 1,
        rtxSsrc: 2,
        repairs: true,
      },
    ]);
    expect([...(sections[0]?.extensions ?? [])]).toEqual([
      ['http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01', 5],
    ]);
  });

  it('has a stream that is not sent again where no group says so, and no repairs without nack', () => {
    const audio = ['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', 'a=sendonly', 'a=ssrc:7 cname:c', ...TRANSPORT];
    expect(readFocusDescription(described(audio)).sections).toMatchObject([
      { ssrc: 7, rtxSsrc: undefined, repairs: false, track: undefined },
    ]);
  });

  it('needs no transport where it refuses everything', () => {
    const refused = ['m=audio 0 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', 'a=inactive'];
    expect(readFocusDescription(described(refused)).transport).toBeUndefined();
  });

  it.each([
    ['is empty', ''],
    ['has no section', described()],
    ['has a section without a mid', described(['m=video 9 UDP/TLS/RTP/SAVPF 96', ...TRANSPORT])],
    ['names a mid twice', described([...video, ...TRANSPORT], video)],
    ['has no candidate', described([...video, ...TRANSPORT.slice(0, 3)])],
    ['has no fingerprint', described([...video, ...TRANSPORT.filter(line => !line.includes('fingerprint'))])],
    ['has no password', described([...video, ...TRANSPORT.filter(line => !line.includes('pwd'))])],
    ['has a port that is none', described([...video, ...TRANSPORT]).replace('40000', '400000')],
  ])('is refused where it %s', (_what, sdp) => {
    expect(() => readFocusDescription(sdp)).toThrow('description of the focus');
  });
});
