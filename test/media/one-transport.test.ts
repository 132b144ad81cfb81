import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Media } from '../../src/ports.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents } from '../../loadtest/peers/endpoint.ts';
import { eventually, newConference, startMedia } from './harness.ts';
import { StackPeer } from './stack-peer.ts';
import { WeriftEndpoint } from '../peers/werift-endpoint.ts';

const STACKS: [string, (events: EndpointEvents) => Endpoint][] = [
  ['libdatachannel', events => new DatachannelEndpoint(events)],
  ['werift', events => new WeriftEndpoint(events)],
];

describe.each(STACKS)('%s', (_name, make) => {
  let media: Media;
  const open: StackPeer[] = [];

  beforeAll(async () => {
    media = await startMedia();
  });

  afterEach(() => {
    for (const peer of open.splice(0)) peer.close();
  });

  afterAll(() => media.close());

  async function pair(): Promise<[StackPeer, StackPeer]> {
    const conference = newConference();
    const alice = await StackPeer.join(media, conference, 'alice', make);
    open.push(alice);
    const bob = await StackPeer.join(media, conference, 'bob', make);
    open.push(bob);
    return [alice, bob];
  }

  it('publishes and receives both kinds, both ways', async () => {
    const [alice, bob] = await pair();
    expect(alice.answered).toMatchObject({
      refused: [],
      published: [{ layers: [{ rid: undefined }] }, { layers: [{ rid: undefined }] }],
    });
    await bob.receive(alice.tracks());
    await alice.receive(bob.tracks());
    for (const [viewer, publisher] of [
      [bob, alice],
      [alice, bob],
    ] as const) {
      for (const { ref, kind } of publisher.answered?.published ?? []) {
        await eventually(`${kind} of a publisher`, () => viewer.count(ref) > 10);
      }
    }
    expect(alice.log).toMatchObject({ path: ['heard'], failed: [] });
  });

  it('carries control messages both ways', async () => {
    const [alice] = await pair();
    expect(alice.peer.sendControl('from the focus')).toBe(true);
    await eventually('message of the focus', () => alice.control.includes('from the focus'));
    await eventually('open channel', () => alice.endpoint.sendControl('from the client'));
    await eventually('message of the client', () => alice.log.control.includes('from the client'));
  });

  it('goes on receiving through offers of its own, and ends with its publisher', async () => {
    const [alice, bob] = await pair();
    await bob.receive(alice.tracks());
    await eventually('video', () => bob.count(alice.video()) > 5);
    await bob.offer();
    const before = bob.count(alice.video());
    await eventually('more video', () => bob.count(alice.video()) > before + 5);
    alice.peer.close();
    const offer = await bob.receive(alice.tracks());
    expect(offer.match(/a=inactive/g)).toHaveLength(2);
    expect(offer.split(/\r\nm=/)).toHaveLength(6);
  });
});
