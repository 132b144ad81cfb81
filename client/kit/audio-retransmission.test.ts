import { describe, expect, it } from 'vitest';
import { withAudioRetransmission } from './audio-retransmission.ts';

const AUDIO = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9',
  'a=mid:0',
  'a=rtpmap:111 opus/48000/2',
  'a=rtcp-fb:111 transport-cc',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=rtpmap:9 G722/8000',
];
const VIDEO = ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:1', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack pli'];
const sdp = (...sections: string[][]): string => [...['v=0', 's=-'], ...sections.flat(), ''].join('\r\n');
const inserted = (lines: string[], after: number, line: string): string[] => lines.toSpliced(after + 1, 0, line);

describe('retransmission of audio', () => {
  it('is asked for of Opus, in every audio section, and of nothing else', () => {
    const asked = inserted(AUDIO, 2, 'a=rtcp-fb:111 nack');
    expect(withAudioRetransmission(sdp(AUDIO, VIDEO, AUDIO))).toBe(sdp(asked, VIDEO, asked));
  });

  it('is asked for once', () => {
    const once = withAudioRetransmission(sdp(AUDIO, VIDEO));
    expect(withAudioRetransmission(once)).toBe(once);
  });

  it('is taken up in answers where the section offers it', () => {
    const asked = inserted(AUDIO, 2, 'a=rtcp-fb:111 nack');
    expect(withAudioRetransmission(sdp(AUDIO, VIDEO, AUDIO), sdp(AUDIO, VIDEO, asked))).toBe(sdp(AUDIO, VIDEO, asked));
    expect(withAudioRetransmission(sdp(AUDIO), 'v=0\r\n')).toBe(sdp(AUDIO));
  });

  it('follows the payload type and the name as they are written', () => {
    const other = ['m=audio 9 RTP/SAVPF 96', 'a=rtpmap:96 OPUS/48000/2'];
    expect(withAudioRetransmission(sdp(other))).toBe(sdp([...other, 'a=rtcp-fb:96 nack']));
    expect(withAudioRetransmission('v=0\nm=audio 9 X 5\na=rtpmap:5 opus/48000/2\n')).toBe(
      'v=0\nm=audio 9 X 5\na=rtpmap:5 opus/48000/2\na=rtcp-fb:5 nack\n',
    );
  });

  it('leaves what has no Opus as it is', () => {
    for (const text of ['', 'v=0\r\n', sdp(VIDEO), sdp(['m=audio 0 X 0', 'a=inactive'])]) {
      expect(withAudioRetransmission(text)).toBe(text);
    }
  });
});
