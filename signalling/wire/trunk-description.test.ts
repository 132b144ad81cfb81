import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_TRUNK_TRACKS,
  readTrunkAnswer,
  readTrunkEnd,
  readTrunkOffer,
  type TrunkEnd,
  type TrunkOffer,
  type TrunkTrack,
  writeTrunkAnswer,
  writeTrunkOffer,
} from './trunk-description.ts';

const camera: TrunkTrack = {
  stream_id: 'stream',
  track_id: 'camera',
  kind: 'video',
  codec: {
    mime_type: 'video/VP8',
    payload_type: 96,
    clock_rate: 90_000,
    parameters: {},
    feedback: ['nack', 'nack pli', 'ccm fir', 'transport-cc'],
    rtx_payload_type: 100,
  },
  cname: 'name',
  layers: [
    { ssrc: 1, rtx_ssrc: 2 },
    { ssrc: 3, rtx_ssrc: 4 },
  ],
  scalability_mode: 'L1T3',
};
const voice: TrunkTrack = {
  stream_id: 'stream',
  track_id: 'voice',
  kind: 'audio',
  codec: {
    mime_type: 'audio/opus',
    payload_type: 111,
    clock_rate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1 },
    feedback: ['nack'],
  },
  cname: 'name',
  layers: [{ ssrc: 5 }],
  dtx: true,
};
const offer: TrunkOffer = {
  extensions: { audio: [{ uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 6 }], video: [] },
  tracks: [voice, camera],
};
const end: TrunkEnd = {
  ip: '127.0.0.1',
  port: 40_000,
  srtp: { crypto_suite: 'AEAD_AES_256_GCM', key: `${'k'.repeat(59)}=` },
};

const withTracks = (...tracks: object[]): string => JSON.stringify({ version: 1, ...offer, tracks });

describe('an offer', () => {
  it('comes as it was written', () => {
    expect(readTrunkOffer(writeTrunkOffer(offer))).toEqual({ kind: 'ok', value: offer });
  });

  const wrong: [string, string][] = [
    ['nothing', ''],
    ['no JSON', '{'],
    ['an SDP', 'v=0\r\n'],
    ['another version', JSON.stringify({ ...offer, version: 2 })],
    ['no version', JSON.stringify(offer)],
    ['megabytes', `"${'x'.repeat(4_000_000)}"`],
    ['too many tracks', withTracks(...Array.from({ length: MAX_TRUNK_TRACKS + 1 }, () => voice))],
    ['a track twice', withTracks(voice, { ...voice, layers: [{ ssrc: 9 }] })],
    ['an ssrc twice', withTracks(voice, { ...voice, track_id: 'other' })],
    ['an ssrc twice in a track', withTracks({ ...camera, layers: [{ ssrc: 1, rtx_ssrc: 1 }] })],
    ['an ssrc of 0', withTracks({ ...voice, layers: [{ ssrc: 0 }] })],
    ['an ssrc beyond 32 bits', withTracks({ ...voice, layers: [{ ssrc: 2 ** 32 }] })],
    ['no layer', withTracks({ ...camera, layers: [] })],
    ['too many layers', withTracks({ ...camera, layers: [1, 2, 3, 4, 5].map(ssrc => ({ ssrc })) })],
    ['layers of a voice', withTracks({ ...voice, layers: [{ ssrc: 1 }, { ssrc: 2 }] })],
    ['layers within layers', withTracks({ ...camera, scalability_mode: 'L3T3' })],
    ['an unknown mode', withTracks({ ...camera, scalability_mode: 'L9T9' })],
    ['a payload type of RTCP', withTracks({ ...camera, codec: { ...camera.codec, payload_type: 72 } })],
    ['a payload type twice', withTracks({ ...camera, codec: { ...camera.codec, rtx_payload_type: 96 } })],
    ['a codec of another kind', withTracks({ ...voice, codec: camera.codec })],
    ['retransmissions of no codec', withTracks({ ...voice, layers: [{ ssrc: 5, rtx_ssrc: 6 }] })],
    ['an id that ends a line', withTracks({ ...voice, track_id: 'a\r\na=candidate:1' })],
    ['an id of two words', withTracks({ ...voice, track_id: 'a b' })],
    ['an id that is a prototype', withTracks({ ...voice, track_id: '__proto__' })],
    ['a name that ends a line', withTracks({ ...voice, cname: 'a\r\na=candidate:1' })],
    ...[{ 'x\r\na': 1 }, { x: '1\r\na=candidate:1' }, { x: {} }].map((parameters): [string, string] => [
      `format parameters ${JSON.stringify(parameters)}`,
      withTracks({ ...voice, codec: { ...voice.codec, parameters } }),
    ]),
    ['a long id', withTracks({ ...voice, stream_id: 'x'.repeat(256) })],
    [
      'an extension twice',
      JSON.stringify({ version: 1, ...offer, extensions: { audio: [1, 2].map(id => ({ uri: 'u', id })), video: [] } }),
    ],
    [
      'an id of extensions twice',
      JSON.stringify({
        version: 1,
        ...offer,
        extensions: { audio: ['a', 'b'].map(uri => ({ uri, id: 1 })), video: [] },
      }),
    ],
  ];
  it.each(wrong)('is refused: %s', (_, text) => {
    expect(readTrunkOffer(text)).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_SDP' } });
  });
});

describe('an answer', () => {
  it('comes as it was written', () => {
    const answer = { refused: [{ stream_id: 's', track_id: 't', code: 'WEIR_TRACK_TAKEN' }] };
    expect(readTrunkAnswer(writeTrunkAnswer(answer))).toEqual({ kind: 'ok', value: answer });
  });

  it.each(['', '[]', '{"version":1}', '{"version":2,"refused":[]}'])('is refused: %s', text => {
    expect(readTrunkAnswer(text)).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_SDP' } });
  });
});

describe('an end', () => {
  it('is read without what nobody gave a meaning', () => {
    expect(readTrunkEnd({ ...end, more: 1, srtp: { ...end.srtp, more: 1 } })).toEqual({ kind: 'ok', value: end });
  });

  const wrong: [string, object][] = [
    ['no port', { ...end, port: 0 }],
    ['another suite', { ...end, srtp: { ...end.srtp, crypto_suite: 'AES_CM_128_HMAC_SHA1_80' } }],
    ['a short key', { ...end, srtp: { ...end.srtp, key: 'a2V5' } }],
    ['no key', { ip: end.ip, port: end.port }],
  ];
  it.each(wrong)('is refused: %s, and its key is not told', (_, input) => {
    const parsed = readTrunkEnd(input);
    expect(parsed).toMatchObject({ kind: 'bad', error: { code: 'WEIR_BAD_MESSAGE' } });
    expect(JSON.stringify(parsed)).not.toContain(end.srtp.key);
  });
});

it('answers whatever comes in, and never throws', () => {
  const like = fc.anything({ withNullPrototype: true });
  const texts = fc.oneof(
    fc.string(),
    like.map(value => JSON.stringify({ version: 1, tracks: value, refused: value, extensions: value })),
    fc
      .record({ at: fc.constantFrom(...Object.keys(camera)), value: like })
      .map(({ at, value }) => withTracks({ ...camera, [at]: value })),
  );
  fc.assert(
    fc.property(texts, like, (text, value) => {
      for (const { kind } of [readTrunkOffer(text), readTrunkAnswer(text), readTrunkEnd(value)])
        expect(['ok', 'bad']).toContain(kind);
    }),
    { seed: 20_261_129, numRuns: 500 },
  );
});
