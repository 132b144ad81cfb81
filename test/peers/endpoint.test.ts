/** The stacks under the light peers, one against the other without a focus: what a call test finds is then the focus's. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { type EndpointEvents, keyOf, type SentTrack } from '../../loadtest/peers/endpoint.ts';
import { until } from '../../loadtest/peers/until.ts';

interface Heard {
  packets: Map<string, number>;
  control: string[];
  open: boolean;
}

function listener(): Heard & { events: EndpointEvents } {
  const heard: Heard = { packets: new Map(), control: [], open: false };
  const events: EndpointEvents = {
    control: text => heard.control.push(text),
    controlOpen: () => {
      heard.open = true;
    },
    controlClosed: () => {
      heard.open = false;
    },
    packet: track => heard.packets.set(keyOf(track), (heard.packets.get(keyOf(track)) ?? 0) + 1),
  };
  return Object.assign(heard, { events });
}

test('an endpoint sends audio and video that another receives, and answers what it is offered later', async () => {
  const [left, right] = [listener(), listener()];
  const [sender, receiver] = [new DatachannelEndpoint(left.events), new DatachannelEndpoint(right.events)];
  try {
    const streamId = randomUUID();
    const sent: SentTrack[] = [
      { kind: 'audio', streamId, trackId: randomUUID(), direction: 'sendrecv' },
      { kind: 'video', streamId, trackId: randomUUID(), direction: 'sendonly' },
    ];
    for (const track of sent) sender.send(track);
    const offer = await sender.offer();
    expect(sender.hasLocalOffer()).toBe(true);
    await receiver.answer(offer);
    await sender.takeAnswer(await receiver.gathered());
    const arrived = (tracks: SentTrack[]) => () => tracks.every(track => (right.packets.get(keyOf(track)) ?? 0) > 2);
    await until('media flows', 10_000, arrived(sent));
    expect(sender.hasLocalOffer()).toBe(false);
    expect(sender.isConnected()).toBe(true);

    const screen: SentTrack = { kind: 'video', streamId: randomUUID(), trackId: randomUUID(), direction: 'sendonly' };
    sender.send(screen);
    await sender.takeAnswer(await receiver.answer(await sender.offer()));
    await until('the new track flows, too', 10_000, arrived([screen]));
  } finally {
    sender.close();
    receiver.close();
  }
  expect(right.packets.size).toBe(3);
});
