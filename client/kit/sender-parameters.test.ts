import { beforeEach, describe, expect, it } from 'vitest';
import { SenderParameters, wishedEncodings } from './sender-parameters.ts';
import { FakeSender } from './testing/fake-peer-connection.ts';

const layers = (): RTCRtpEncodingParameters[] => ['f', 'h', 'q'].map(rid => ({ rid, active: true, maxBitrate: 100 }));
const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve));

describe('wished encodings', () => {
  const actives = (wished: RTCRtpEncodingParameters[] | undefined): unknown => wished?.map(({ active }) => active);

  it('are switched by rid, whatever the order', () => {
    const wanted = [
      { rid: 'q', active: true },
      { rid: 'h', active: false },
      { rid: 'x', active: false },
    ];
    expect(actives(wishedEncodings(layers(), { layers: wanted }))).toEqual([true, false, true]);
  });

  it('are switched by place from the lowest where layers have no rids', () => {
    expect(actives(wishedEncodings([{ maxBitrate: 1 }], { layers: [{ active: false }] }))).toEqual([false]);
    expect(actives(wishedEncodings([{ rid: 'f', active: true }], { layers: [{ active: false }] }))).toEqual([false]);
    const unnamed = [{ active: false }, { active: true }, { active: true }];
    expect(actives(wishedEncodings(layers(), { layers: unnamed }))).toEqual([true, true, false]);
    expect(wishedEncodings(layers(), { layers: [{ active: false }] })).toBeUndefined();
  });

  it('of one stream go on while any of its layers is wanted', () => {
    const [on, off] = [{ active: true }, { active: false }];
    expect(wishedEncodings([{ active: true }], { layers: [on, off, off] })).toBeUndefined();
    expect(actives(wishedEncodings([{ active: true }], { layers: [off, off, off] }))).toEqual([false]);
    expect(actives(wishedEncodings([{ active: false }], { layers: [off, on, off] }))).toEqual([true]);
  });

  it('are none where all is well, or nothing is known yet', () => {
    expect(wishedEncodings(layers(), { layers: [{ rid: 'f', active: true }], bitrates: [100, undefined] })).toBe(
      undefined,
    );
    expect(wishedEncodings([], { layers: [{ rid: 'f', active: false }], bitrates: [5] })).toBeUndefined();
    expect(wishedEncodings(layers(), {})).toBeUndefined();
  });
});

describe('parameters of a sender', () => {
  let sender: FakeSender;
  let parameters: SenderParameters;
  beforeEach(() => {
    sender = new FakeSender(layers());
    parameters = new SenderParameters(sender);
  });

  it('change one after the other, bitrates and layers alike, and the latest wish wins', async () => {
    for (let round = 0; round < 5; round += 1) {
      parameters.want({ layers: [{ rid: 'f', active: round % 2 === 1 }] });
      parameters.want({ bitrates: [round + 1, 7, 8] });
    }
    await settle();
    expect(sender.mostRunning).toBe(1);
    expect(sender.active).toEqual({ f: false, h: true, q: true });
    expect(sender.encodings.map(({ maxBitrate }) => maxBitrate)).toEqual([5, 7, 8]);
  });

  it('survive one refusal, and try again after the next negotiation where there were more', async () => {
    sender.refusals = 1;
    parameters.want({ layers: [{ rid: 'q', active: false }] });
    await settle();
    expect(sender.active['q']).toBe(false);
    sender.refusals = 2;
    parameters.want({ layers: [{ rid: 'q', active: true }] });
    await settle();
    expect(sender.active['q']).toBe(false);
    parameters.apply();
    await settle();
    expect(sender.active['q']).toBe(true);
  });

  it('come back where something undid them', async () => {
    parameters.want({ layers: [{ rid: 'f', active: false }] });
    await settle();
    sender.encodings = layers();
    parameters.apply();
    await settle();
    expect(sender.active['f']).toBe(false);
  });

  it('wait for encodings', async () => {
    sender.encodings = [];
    parameters.want({ layers: [{ rid: 'f', active: false }] });
    await settle();
    sender.encodings = layers();
    parameters.apply();
    await settle();
    expect(sender.active['f']).toBe(false);
  });
});
