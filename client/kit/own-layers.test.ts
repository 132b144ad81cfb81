import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MOVE_TIMEOUT_MS, OwnLayers } from './own-layers.ts';
import { SenderParameters } from './sender-parameters.ts';
import { FakeSender } from './testing/fake-peer-connection.ts';
import type { ControlMessage, TrackLayers } from './wire.ts';

const CAMERA = { streamId: 'cam', trackId: 'lens' };
const ALL_ON = { f: true, h: true, q: true };

/** The focus's wish, by what is on. */
function wanted(on: string): TrackLayers {
  return { ...CAMERA, layers: ['q', 'h', 'f'].map(rid => ({ rid, active: on.includes(rid) })) };
}

let sender: FakeSender;
let up: boolean;
let told: ControlMessage[];
let layers: OwnLayers;
const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  sender = new FakeSender(['f', 'h', 'q'].map(rid => ({ rid, active: true })));
  const parameters = new SenderParameters(sender);
  up = true;
  told = [];
  layers = new OwnLayers({
    tell: message => told.push(message),
    senderOf: streamId => (up && streamId === CAMERA.streamId ? parameters : undefined),
  });
});
afterEach(() => {
  layers.close();
  vi.useRealTimers();
});

describe('our layers', () => {
  it('follow the wishes of the focus', async () => {
    layers.want([wanted('q')]);
    await settle();
    expect(sender.active).toEqual({ f: false, h: false, q: true });
    layers.want([wanted('')]);
    await settle();
    expect(sender.active).toEqual({ f: false, h: false, q: false });
    layers.want([wanted('fhq'), { streamId: 'strange', trackId: 'x', layers: [] }]);
    await settle();
    expect(sender.active).toEqual(ALL_ON);
  });

  it('follow the latest wish once the section is up', async () => {
    up = false;
    layers.want([wanted('f')]);
    layers.want([wanted('h')]);
    await settle();
    expect(sender.active).toEqual(ALL_ON);
    up = true;
    layers.applyAgain();
    await settle();
    expect(sender.active).toEqual({ f: false, h: true, q: false });
  });

  it('go when the focus has moved their viewers', async () => {
    layers.want([wanted('fhq')]);
    layers.offer('cam', 'lens', [{ rid: 'f', active: false }]);
    expect(told).toEqual([
      { kind: 'layers_available', tracks: [{ ...CAMERA, layers: [{ rid: 'f', active: false }] }] },
    ]);
    await settle(MOVE_TIMEOUT_MS / 2);
    expect(sender.active).toEqual(ALL_ON);
    layers.want([wanted('hq')]);
    await settle();
    expect(sender.active).toEqual({ ...ALL_ON, f: false });
  });

  it('go after a while in any case, and stay off against any wish', async () => {
    layers.offer('cam', 'lens', [{ rid: 'f', active: false }]);
    await settle(MOVE_TIMEOUT_MS);
    expect(sender.active).toEqual({ ...ALL_ON, f: false });
    layers.want([wanted('fhq')]);
    await settle();
    expect(sender.active).toEqual({ ...ALL_ON, f: false });
  });

  it('come back when they are offered and wanted', async () => {
    layers.want([wanted('q')]);
    layers.offer('cam', 'lens', [{ rid: 'f', active: false }]);
    await settle();
    expect(sender.active['f']).toBe(false);
    layers.offer('cam', 'lens', [{ rid: 'f', active: true }]);
    await settle(MOVE_TIMEOUT_MS);
    expect(sender.active['f']).toBe(false);
    layers.want([wanted('f')]);
    await settle();
    expect(sender.active).toEqual({ f: true, h: false, q: false });
  });

  it('stay on where going was called off in time', async () => {
    layers.offer('cam', 'lens', [{ rid: 'f', active: false }]);
    layers.offer('cam', 'lens', [{ rid: 'f', active: true }]);
    await settle(MOVE_TIMEOUT_MS);
    expect(sender.active).toEqual(ALL_ON);
  });

  it('are remembered for a bounded number of tracks', async () => {
    layers.want([wanted('q')]);
    up = false;
    for (let i = 0; i < 200; i += 1) layers.want([{ streamId: `s${i}`, trackId: 't', layers: [] }]);
    await settle();
    sender.encodings = [{ rid: 'f', active: true }];
    up = true;
    layers.applyAgain();
    await settle();
    expect(sender.active).toEqual({ f: true });
  });
});
