import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANNOUNCED_AFTER_MS, BO, CallBench, settle } from './testing/call-bench.ts';
import { FakePeerConnection } from './testing/fake-peer-connection.ts';
import { parseControl } from './wire.ts';

let bench: CallBench;
beforeEach(() => {
  bench = new CallBench();
});
afterEach(() => bench.close());

describe('in the call', () => {
  it('asks for the tracks of the others as soon as the channel is open', async () => {
    bench.call.join();
    const { channel } = await bench.connect(BO);
    const message: unknown = JSON.parse(channel.sent[0] ?? '');
    expect(message).toEqual({
      type: 'm.call.track_subscription',
      content: {
        subscribe: [
          { stream_id: 'stream-bo', track_id: 'a' },
          { stream_id: 'stream-bo', track_id: 'v', width: 320, height: 180 },
        ],
        unsubscribe: [],
        'org.weir.tell': ['allocation', 'speakers', 'audio_levels'],
      },
    });
    expect(bench.call.streams).toMatchObject([{ userId: '@bo:b.example', audioTrackId: 'a', videoTrackId: 'v' }]);
  });

  it('announces its own streams under the ids of its description', async () => {
    bench.call.join();
    const { channel, localDescription } = await bench.connect();
    const announced = channel.sent.map(text => parseControl(text)).find(parsed => parsed.kind === 'ok');
    if (announced?.value.kind !== 'metadata_changed') throw new Error('nothing was announced');
    const [streamId] = Object.keys(announced.value.metadata);
    expect(localDescription?.sdp).toContain(`a=msid:${streamId} `);
  });

  it('takes what changes of the streams, and says in its invite that it does', async () => {
    bench.call.join();
    const { channel } = await bench.connect();
    expect(bench.room.sent.find(({ type }) => type === 'm.call.invite')?.content['capabilities']).toMatchObject({
      'org.weir.streams_changed': true,
    });
    const { 'stream-bo': bo } = BO;
    channel.fakeMessage('org.weir.streams_changed', {
      changed: { 'stream-bo': { ...bo, audio_muted: true } },
      gone: [],
    });
    expect(bench.call.streams).toMatchObject([{ streamId: 'stream-bo', audioMuted: true }]);
    channel.fakeMessage('org.weir.streams_changed', { changed: {}, gone: ['stream-bo'] });
    expect(bench.call.streams).toEqual([]);
  });

  it('answers pings', async () => {
    bench.call.join();
    const { channel } = await bench.connect();
    channel.fakeMessage('m.call.ping', {});
    expect(channel.types.at(-1)).toBe('m.call.pong');
  });

  it('takes an offer over the channel and binds its tracks by section', async () => {
    bench.call.join();
    const connection = await bench.connect(BO);
    connection.transceivers.push({ ...connection.addTransceiver('video', { direction: 'recvonly' }), mid: 's1' });
    const sdp = 'v=0\r\nm=video 9 X 1\r\na=mid:s1\r\na=sendonly\r\na=msid:stream-bo v\r\n';
    connection.channel.fakeMessage('m.call.negotiate', {
      description: { type: 'offer', sdp },
      sdp_stream_metadata: BO,
    });
    await settle();
    expect(bench.call.streams[0]?.video?.mid).toBe('s1');
    const reply: unknown = JSON.parse(connection.channel.sent.at(-1) ?? '');
    expect(reply).toMatchObject({ type: 'm.call.negotiate', content: { description: { type: 'answer' } } });
  });

  it('answers an early offer when the channel opens, before it asks for tracks', async () => {
    bench.call.join();
    await settle();
    const sdp = 'v=0\r\nm=video 9 X 1\r\na=mid:s1\r\na=sendonly\r\na=msid:stream-bo v\r\n';
    bench.room.fakeAnswer(BO, sdp);
    await settle();
    expect(bench.room.sent.filter(({ type }) => type === 'm.call.negotiate')).toEqual([]);
    const { channel } = FakePeerConnection.latest;
    channel.fakeOpen();
    expect(channel.types.slice(0, 2)).toEqual(['m.call.negotiate', 'm.call.track_subscription']);
  });

  it('sends the layers that the focus wants, and all of them in the next session', async () => {
    bench.call.join();
    const { channel, transceivers } = await bench.connect();
    const camera = transceivers[1];
    const [streamId = '', trackId = ''] = camera?.ids.split(' ') ?? [];
    const layers = ['q', 'h', 'f'].map(rid => ({ rid, active: rid === 'q' }));
    channel.fakeMessage('org.weir.layers_wanted', { tracks: [{ stream_id: streamId, track_id: trackId, layers }] });
    await settle();
    expect(camera?.sender.active).toEqual({ f: false, h: false, q: true });
    expect(transceivers[0]?.sender.active).toEqual({ '': true });
    bench.call.offerLayers(streamId, trackId, [{ rid: 'q', active: false }]);
    expect(channel.types.at(-1)).toBe('org.weir.layers_available');
    await settle(1_000);
    expect(camera?.sender.active).toEqual({ f: false, h: false, q: false });
    bench.hangUp('WEIR_FOCUS_RESTARTED');
    const next = await bench.connect();
    expect(next.transceivers[1]?.sender.active).toEqual({ f: true, h: true, q: true });
  });

  it('knows what the focus grants, and who speaks', async () => {
    bench.call.join();
    const { channel } = await bench.connect(BO);
    channel.fakeMessage('org.weir.allocation', {
      available_bitrate: 250_000,
      state: 'DEFICIENT',
      tracks: [{ stream_id: 'stream-bo', track_id: 'v', paused: 'bandwidth', layers: [{ live: true }] }],
    });
    channel.fakeMessage('org.weir.speakers', { latest: [{ stream_id: 'stream-bo', track_id: 'a' }] });
    expect(bench.call.streams[0]?.granted).toEqual({ kind: 'paused', reason: 'bandwidth' });
    expect(bench.call.others?.available).toBe(250_000);
    expect(bench.call.others?.speakers).toEqual([{ streamId: 'stream-bo', trackId: 'a' }]);
    bench.call.show('stream-bo', 'v', 'hidden');
    expect(bench.call.streams[0]?.granted).toBeUndefined();
    bench.call.showCopy({ streamId: 'stream-bo', trackId: 'v', variant: 'small', shown: { width: 64, height: 36 } });
    expect(channel.sent.at(-1)).toContain('"org.weir.variant":"small"');
  });

  it('tells a person what the focus refused, but not that somebody just left', async () => {
    bench.call.join();
    const { channel } = await bench.connect();
    channel.fakeMessage('org.weir.error', { code: 'WEIR_UNKNOWN_TRACK', message: 'gone' });
    expect(bench.notices).toEqual([]);
    channel.fakeMessage('org.weir.error', { code: 'WEIR_OVERLOADED', message: 'full' });
    expect(bench.notices).toMatchObject([{ code: 'FOCUS_FULL', detail: 'full' }]);
  });

  it('lives through garbage on the channel', async () => {
    bench.call.join();
    const { channel } = await bench.connect();
    channel.fakeMessage('m.call.negotiate', { description: { type: 'offer', sdp: 'garbage' } });
    channel.dispatchEvent(new MessageEvent('message', { data: '{' }));
    channel.dispatchEvent(new MessageEvent('message', { data: new ArrayBuffer(3) }));
    await settle();
    expect(bench.call.state.kind).toBe('connected');
    expect(channel.types.at(-1)).toBe('org.weir.error');
  });

  it('hangs up and leaves the room state when it leaves, with its last breath where the page goes', async () => {
    bench.call.join();
    await bench.connect();
    await settle(ANNOUNCED_AFTER_MS);
    bench.call.leave({ keepAlive: true });
    await settle();
    expect(bench.room.sent.at(-1)).toMatchObject({ type: 'm.call.hangup', keepAlive: true });
    expect(bench.room.withdrawn).toBe(1);
    expect(bench.call.state.kind).toBe('left');
    await settle(60_000);
    expect(FakePeerConnection.made).toHaveLength(1);
  });
});
