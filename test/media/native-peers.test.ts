/** Peers of the native engine against a real router: what they count, repair, and say. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { NativeEndpoint } from '../../loadtest/native-peer/native-endpoint.ts';
import { NativeEngine } from '../../loadtest/native-peer/native-engine.ts';
import type { Media } from '../../src/ports.ts';
import { eventually, newConference, startMedia } from './harness.ts';
import { StackPeer } from './stack-peer.ts';

let media: Media;
let engine: NativeEngine;
const open: { close(): void }[] = [];

beforeAll(async () => {
  const binary = process.env['WEIR_LOAD_PEER_BIN'];
  if (binary === undefined) throw new Error('WEIR_LOAD_PEER_BIN names no engine: npm test builds one');
  [media, engine] = await Promise.all([startMedia(), NativeEngine.start(binary)]);
});
afterEach(() => {
  for (const peer of open.splice(0)) peer.close();
  expect(engine.complaints.splice(0)).toEqual([]);
});
afterAll(async () => {
  await engine.close();
  await media.close();
});

it('receives what another stack publishes', async () => {
  const conference = newConference();
  const alice = await StackPeer.join(
    media,
    conference,
    'alice',
    events => new DatachannelEndpoint(events, { media: 'recorded' }),
  );
  open.push(alice);
  const bob = await StackPeer.join(media, conference, 'bob', events => new NativeEndpoint(engine, events));
  open.push(bob);
  await bob.receive(alice.tracks());
  for (const { ref, kind } of alice.answered?.published ?? []) {
    await eventually(`${kind}`, () => bob.count(ref) > 30);
  }
  await new Promise(r => setTimeout(r, 3000));
  await engine.report();
  console.log(JSON.stringify(bob.endpoint.report(), null, 1));
  expect(bob.peer.sendControl('from the focus')).toBe(true);
  await eventually('message of the focus', () => bob.control.includes('from the focus'));
  await eventually('open channel', () => bob.endpoint.sendControl('from the client'));
  await eventually('message of the client', () => bob.log.control.includes('from the client'));
});
