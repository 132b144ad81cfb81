import { describe, expect, it } from 'vitest';
import { ownMetadata } from './own-streams.ts';
import { remoteStreams, withoutOwn } from './remote-streams.ts';
import { sectionsOf, sentTracks } from './sections.ts';

const SDP = [
  'v=0',
  'a=msid-semantic: WMS *',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  'a=sendrecv',
  'a=msid:cam mic',
  'a=ssrc:1 msid:wrong wrong',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=sendrecv',
  'a=mid:1',
  'a=msid:cam lens',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=mid:2',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:3',
  'a=sendonly',
  'a=msid:scr desk',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:4',
  'a=inactive',
  'a=msid:old old',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:5',
  'a=sendonly',
  'a=msid:- lonely',
  '',
].join('\r\n');

describe('sections', () => {
  it('are read in order, whatever the order of their lines', () => {
    expect(sectionsOf(SDP).map(({ mid, kind, direction }) => `${mid} ${kind} ${direction}`)).toEqual([
      '0 audio sendrecv',
      '1 video sendrecv',
      '2 application sendrecv',
      '3 video sendonly',
      '4 video inactive',
      '5 audio sendonly',
    ]);
  });

  it('send the tracks that their msid names, where they send', () => {
    expect(Object.fromEntries(sentTracks(SDP))).toEqual({
      0: { streamId: 'cam', trackId: 'mic' },
      1: { streamId: 'cam', trackId: 'lens' },
      3: { streamId: 'scr', trackId: 'desk' },
    });
  });

  it('of nonsense are none', () => {
    expect(sectionsOf('hello\nm=\na=mid:1')).toEqual([]);
  });
});

describe('what we announce', () => {
  it('has the ids of the description, sizes, and what is muted', () => {
    const metadata = ownMetadata(
      SDP,
      [
        { mid: '0', kind: 'audio', purpose: 'm.usermedia' },
        { mid: '1', kind: 'video', purpose: 'm.usermedia', width: 640, height: 360 },
        { mid: '3', kind: 'video', purpose: 'm.screenshare', width: 1920, height: 1080 },
        { mid: '4', kind: 'video', purpose: 'm.screenshare' },
        { mid: null, kind: 'video', purpose: 'm.screenshare' },
      ],
      { userId: '@ana:x', deviceId: 'A' },
      { audio: true, video: false },
    );
    const who = { user_id: '@ana:x', device_id: 'A' };
    expect(metadata).toEqual({
      cam: {
        ...who,
        purpose: 'm.usermedia',
        audio_muted: true,
        video_muted: false,
        tracks: { mic: { kind: 'audio' }, lens: { kind: 'video', width: 640, height: 360 } },
      },
      scr: {
        ...who,
        purpose: 'm.screenshare',
        audio_muted: true,
        video_muted: false,
        tracks: { desk: { kind: 'video', width: 1920, height: 1080 } },
      },
    });
  });
});

describe('what others announce', () => {
  const self = { userId: '@ana:x', deviceId: 'A' };
  const metadata = {
    cam: { user_id: '@bo:x', device_id: 'B', purpose: 'm.usermedia', tracks: { a: { kind: 'audio' as const } } },
    mine: { user_id: '@ana:x', device_id: 'A', purpose: 'm.usermedia', tracks: { z: { kind: 'audio' as const } } },
    tablet: { user_id: '@ana:x', device_id: 'A2', purpose: 'm.usermedia' },
    nobody: { purpose: 'm.usermedia' },
  };

  it('leaves this device out, but not another one of the same user', () => {
    expect(remoteStreams(metadata, new Map(), self).map(({ streamId }) => streamId)).toEqual(['cam', 'tablet']);
    expect(Object.keys(withoutOwn(metadata, self))).toEqual(['cam', 'tablet', 'nobody']);
  });
});
