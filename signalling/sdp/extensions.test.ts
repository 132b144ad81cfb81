import { describe, expect, it } from 'vitest';
import { readOffer } from './answer.ts';
import { feedbackFor, receiveCapabilities } from './extensions.ts';
import { CAPABILITIES, offerText, simulcastLines, TERMS } from './fixtures.ts';
import { layersFromLowest } from './layers.ts';
import { EMPTY_LEDGER } from './ledger.ts';
import { readDescription } from './read.ts';
import { EXTENSION } from './rtp.ts';

function idsFor(lines: string[], origin?: string): { ids: number[]; feedback: string[] } {
  const offer = readDescription(offerText([{ mid: '0', kind: 'video', lines }], origin));
  const sections = readOffer(EMPTY_LEDGER, offer, TERMS).map(({ section }) => section);
  const { headerExtensions, codecs } = receiveCapabilities(CAPABILITIES, offer, sections);
  return {
    ids: headerExtensions.filter(({ kind }) => kind === 'video').map(({ preferredId }) => preferredId),
    feedback: (codecs[1]?.rtcpFeedback ?? []).map(({ type }) => type),
  };
}
const FIREFOX = 'mozilla...THIS_IS_SDPARTA-99.0 1 0 IN IP4 0.0.0.0';

describe('header extensions towards a client', () => {
  it('are all that are carried, where the client follows our ids', () => {
    expect(idsFor(simulcastLines('t'))).toMatchObject({ ids: [1, 4, 5] });
  });

  it('leave out what the client has another id for', () => {
    const lines = simulcastLines('t').map(line => line.replace('extmap:4 ', 'extmap:7 '));
    expect(idsFor(lines)).toMatchObject({ ids: [4, 5] });
  });

  it('are only its own in Firefox, with the receiver estimating', () => {
    const lines = [
      'a=msid:s t',
      'a=ssrc:1 cname:c',
      `a=extmap:3 ${EXTENSION.mid}`,
      `a=extmap:7 ${EXTENSION.transportCc}`,
    ];
    const towards = idsFor(lines, FIREFOX);
    expect(towards.ids).toEqual([4]);
    expect(towards.feedback).not.toContain('transport-cc');
    expect(towards.feedback).toContain('goog-remb');
    expect(idsFor([...lines, 'a=extmap:4 urn:ietf:params:rtp-hdrext:toffset'], FIREFOX).ids).toEqual([]);
  });
});

describe('feedbackFor', () => {
  const all = [{ type: 'nack' }, { type: 'transport-cc' }, { type: 'goog-remb' }];
  it('has one way of congestion control', () => {
    const types = (...uris: ('transportCc' | 'absSendTime')[]): string[] =>
      feedbackFor(
        all,
        uris.map(name => ({ uri: EXTENSION[name], id: 1 })),
      ).map(({ type }) => type);
    expect(types('transportCc', 'absSendTime')).toEqual(['nack', 'transport-cc']);
    expect(types('absSendTime')).toEqual(['nack', 'goog-remb']);
    expect(types()).toEqual(['nack']);
  });
});

describe('layersFromLowest', () => {
  const rids = (...names: string[]) => names.map(rid => ({ rid, maxWidth: undefined }));
  it('goes by widths, then known names, then the order of preference', () => {
    expect(
      layersFromLowest([
        { rid: 'a', maxWidth: 1280 },
        { rid: 'b', maxWidth: 320 },
      ]),
    ).toEqual(['b', 'a']);
    expect(layersFromLowest(rids('q', 'h', 'f'))).toEqual(['q', 'h', 'f']);
    expect(layersFromLowest(rids('f', 'h'))).toEqual(['h', 'f']);
    expect(layersFromLowest(rids('x', 'y', 'z'))).toEqual(['z', 'y', 'x']);
  });
});
