import { describe, expect, it } from 'vitest';
import { Others } from './others.ts';
import type { StreamMetadata } from './wire.ts';

const SELF = { userId: '@ana:x', deviceId: 'A' };
const bo = { user_id: '@bo:x', device_id: 'B', purpose: 'm.usermedia' };
const METADATA: StreamMetadata = {
  cam: { ...bo, tracks: { mic: { kind: 'audio' }, lens: { kind: 'video' } } },
  'cam+strip': {
    ...bo,
    tracks: {
      'lens+strip': {
        kind: 'video',
        'org.weir.copy_of': { stream_id: 'cam', track_id: 'lens', variant: 'strip' },
      },
    },
  },
};
const LENS = { streamId: 'cam', trackId: 'lens' };

function others(): Others {
  const made = new Others(SELF);
  made.setMetadata(METADATA);
  return made;
}

describe('the others', () => {
  it('are shown once: copies are no people, and nothing to subscribe to', () => {
    const them = others();
    expect(them.streams.map(({ streamId }) => streamId)).toEqual(['cam']);
    expect(Object.keys(them.subscribable)).toEqual(['cam']);
    expect(them.copies).toMatchObject([{ ...LENS, variant: 'strip', bound: undefined }]);
  });

  it('have grants until they go, or are no longer asked for', () => {
    const them = others();
    const paused = { kind: 'paused', reason: 'bandwidth' } as const;
    const grant = { kind: 'layer', layer: 1 } as const;
    const strip = { streamId: 'cam+strip', trackId: 'lens+strip', grant, layers: [] };
    expect(
      them.take({
        kind: 'allocation',
        available: 300_000,
        state: 'DEFICIENT',
        tracks: [{ ...LENS, grant: paused, layers: [] }, strip],
      }),
    ).toBe(true);
    expect(them.streams[0]?.granted).toEqual(paused);
    expect(them.copies[0]?.granted).toEqual(grant);
    // Only what changed is told.
    them.take({ kind: 'allocation', available: undefined, state: 'STABLE', tracks: [] });
    expect(them.available).toBe(300_000);
    expect(them.streams[0]?.granted).toEqual(paused);
    them.unsubscribed([LENS]);
    expect(them.streams[0]?.granted).toBeUndefined();
    them.setMetadata({});
    them.setMetadata(METADATA);
    expect(them.copies[0]?.granted).toBeUndefined();
  });

  it('speak, and are as loud as the focus says', () => {
    const them = others();
    expect(them.tellsLevels).toBe(false);
    const mic = { streamId: 'cam', trackId: 'mic' };
    expect(them.take({ kind: 'audio_levels', levels: [{ ...mic, level: -20 }] })).toBe(false);
    expect(them.tellsLevels).toBe(true);
    expect(them.level(mic)).toBeCloseTo(0.1);
    expect(them.level(LENS)).toBe(0);
    them.take({ kind: 'speakers', latest: [mic] });
    expect(them.speakers).toEqual([mic]);
  });

  it('say what cannot be shown, until it is sent in another codec or goes', () => {
    const them = others();
    const shown = (): unknown => them.streams[0]?.undecodable;
    them.cannotShow([LENS], 'H264');
    expect(shown()).toBe('H264');
    const sdp = ['m=video 9 X 96', 'a=mid:s0', 'a=sendonly', 'a=msid:cam lens', ''].join('\r\n');
    const receiver = { track: {} };
    them.bind(sdp, [{ mid: 's0', receiver } as RTCRtpTransceiver]);
    expect(shown()).toBeUndefined();
    them.cannotShow([LENS], undefined);
    expect(shown()).toBe('another codec');
    them.setMetadata({});
    them.setMetadata(METADATA);
    expect(shown()).toBeUndefined();
  });
});
