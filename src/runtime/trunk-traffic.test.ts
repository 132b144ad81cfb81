import { expect, it } from 'vitest';
import type { TrunkPeer, TrunkTraffic } from '../ports.ts';
import { silentLog } from '../testing/fake-world.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { type MeteredTrunk, TrunkTrafficMeter } from './trunk-traffic.ts';

const PEER = { userId: '@focus:there', deviceId: 'THERE' };
const TRAFFIC: TrunkTraffic = {
  sent: 1_000,
  received: 500,
  mediaBytesSent: 10,
  mediaBytesReceived: 5,
  lossSent: 0.1,
  lossReceived: 0,
  roundTripMs: 20,
  tracksSent: 2,
  tracksReceived: 1,
  layersSent: 3,
};

/** A trunk whose media says of itself alone what crosses it. */
function trunk(figures: TrunkPeer['figures']): MeteredTrunk {
  return { peer: PEER, media: { figures } };
}

function meterOf(...trunks: MeteredTrunk[]) {
  const clock = new VirtualClock();
  const lines: object[] = [];
  const log = { ...silentLog, info: (fields: object, message: string) => void lines.push({ ...fields, message }) };
  return { clock, lines, trunks, meter: new TrunkTrafficMeter(clock, log, () => trunks) };
}

it('looks every few seconds, and writes a line about once a minute', async () => {
  let sent = 0;
  const { clock, lines, meter } = meterOf(trunk(async () => ({ ...TRAFFIC, sent: (sent += 1) })));
  meter.start();
  expect(meter.latest).toEqual([]);
  await clock.pass(5_100);
  expect(meter.latest).toEqual([{ peer: PEER, traffic: { ...TRAFFIC, sent: 1 } }]);
  expect(lines).toEqual([{ focus: PEER.userId, ...TRAFFIC, sent: 1, message: 'trunk traffic' }]);
  await clock.pass(50_000);
  expect([meter.latest[0]?.traffic.sent, lines.length]).toEqual([11, 1]);
  await clock.pass(10_000);
  expect([meter.latest[0]?.traffic.sent, lines.length]).toEqual([13, 2]);
  meter.close();
  expect([meter.latest, clock.pending]).toEqual([[], 0]);
});

it('leaves out a trunk that cannot be asked, and looks no more once there is none', async () => {
  const { clock, trunks, meter } = meterOf(
    trunk(() => Promise.reject(new Error('its worker died'))),
    trunk(async () => TRAFFIC),
  );
  meter.start();
  await clock.pass(6_000);
  expect(meter.latest).toEqual([{ peer: PEER, traffic: TRAFFIC }]);
  trunks.length = 0;
  await clock.pass(10_000);
  expect([meter.latest, clock.pending]).toEqual([[], 0]);
});
