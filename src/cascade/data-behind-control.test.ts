/** Application data over a real WebSocket: control messages pass it, a cut loses none of what is reliable, and a narrow path what is lossy. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseTrunkMessage } from '../../signalling/wire/trunk-message.ts';
import { DataLine } from '../runtime/trunk-data/data-line.ts';
import { keyOfSession } from '../session.ts';
import { CuttablePath } from '../../loadtest/lab/link/cuttable-path.ts';
import { FakeMeters } from '../testing/fake-world.ts';
import { FakeCarrier, ONE, realClock, Seen, startFocus, stopAllFoci, TWO } from '../testing/two-foci.ts';

/** Characters that may be on the way before a control message: what is acknowledged late, and a frame, each with its number. */
const MOST_BEFORE = 65_536 + 16_384 + 4_096;

const closes: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close();
  await stopAllFoci();
});

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 45_000, interval: 10 });

/** A trunk over a path of so many bytes in a ms, and the data line of the end that dials. */
async function overPath(bytesPerMs?: number) {
  const carrier = new FakeCarrier();
  const one = await startFocus(ONE, carrier);
  let told = '';
  const two = await startFocus(TWO, carrier, { told: () => told });
  const path = await CuttablePath.open({ host: '127.0.0.1', port: Number(new URL(two.url).port) });
  closes.push(() => path[Symbol.asyncDispose]());
  if (bytesPerMs !== undefined) path.narrowTo = bytesPerMs;
  told = two.url.replace(/:\d+\//, `:${path.port}/`);
  const [atOne, atTwo] = [new Seen(one, TWO), new Seen(two, ONE)];
  await eventually(() => expect([atOne.last, atTwo.last]).toEqual(['open', 'open']));
  const meters = new FakeMeters();
  let overflows = 0;
  const overflowed = (): void => {
    overflows += 1;
  };
  const line = new DataLine({ trunk: atOne.trunk, clock: realClock, meters, overflowed });
  atOne.acknowledged = () => line.flow();
  closes.push(() => line.close());
  return { path, atOne, atTwo, line, meters, overflows: () => overflows };
}

const publisher = keyOfSession({ userId: '@ann:test', deviceId: 'DEV', sessionId: 's' });

function message(channelId: number, text: string, reliable = true) {
  return { publisher, channelId, reliable, ppid: 51 as const, payload: Buffer.from(text) };
}

/** What came of a channel. */
function dataIn({ frames }: Seen, channelId: number): string[] {
  return frames.flatMap(frame => {
    const parsed = parseTrunkMessage(frame);
    if (parsed.kind === 'bad' || parsed.value.kind !== 'trunk_data') return [];
    return parsed.value.messages.flatMap(one => (one.channelId === channelId ? one.payload.toString() : []));
  });
}

function isData(frame: string): boolean {
  return frame.includes('org.weir.trunk.data');
}

function charactersIn(frames: readonly string[]): number {
  return frames.filter(isData).reduce((sum, frame) => sum + frame.length, 0);
}

describe('a narrow path', () => {
  it('holds up data, and control messages no longer than by what is on the way', async () => {
    const { atOne, atTwo, line } = await overPath(100);
    const messages = Array.from({ length: 400 }, (_, index) => `${index} ${'x'.repeat(800)}`);
    for (const text of messages) expect(line.send(message(1, text))).toBe('taken');
    /** By control message, the characters of data that had come when it was said. */
    const before: number[] = [];
    while (dataIn(atTwo, 1).length < messages.length) {
      before.push(charactersIn(atTwo.frames));
      atOne.trunk.say(`control ${before.length - 1}`);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    await eventually(() => expect(atTwo.frames).toContain(`control ${before.length - 1}`));
    expect(before.length).toBeGreaterThan(10);
    const overtaken = before.map((characters, index) => {
      const arrived = atTwo.frames.indexOf(`control ${index}`);
      return charactersIn(atTwo.frames.slice(0, arrived)) - characters;
    });
    expect(Math.max(...overtaken)).toBeLessThan(MOST_BEFORE);
    expect(dataIn(atTwo, 1)).toEqual(messages);
  });

  it('costs what is lossy, not what is reliable', async () => {
    const { atTwo, line, meters } = await overPath(50);
    const numbers = Array.from({ length: 150 }, (_, index) => String(index));
    for (const number of numbers) {
      line.send(message(1, number));
      line.send(message(2, `${number} ${'x'.repeat(4_000)}`, false));
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    await eventually(() => expect(dataIn(atTwo, 1)).toEqual(numbers));
    const lossy = dataIn(atTwo, 2).map(text => Number.parseInt(text, 10));
    expect(lossy).toEqual(lossy.toSorted((a, b) => a - b));
    expect(lossy.length).toBeGreaterThan(0);
    expect(lossy.length).toBeLessThan(numbers.length);
    await eventually(() =>
      expect(dataIn(atTwo, 2).length + (meters.counts.get('data slow_subscriber') ?? 0)).toBe(numbers.length),
    );
  });
});

describe('a cut', () => {
  it('loses nothing reliable, and brings nothing twice', async () => {
    const { path, atOne, atTwo, line, overflows } = await overPath();
    const numbers = Array.from({ length: 600 }, (_, index) => String(index));
    for (const [index, number] of numbers.entries()) {
      expect(line.send(message(1, number))).toBe('taken');
      if (index % 200 === 100) {
        path.cut();
        await eventually(() => expect(atOne.last).toMatch(/^broken/));
        path.heal();
      }
      if (index % 200 === 150) {
        await eventually(() => expect(atOne.last).toBe('resumed'));
        line.flow();
      }
    }
    await eventually(() => expect(dataIn(atTwo, 1)).toHaveLength(numbers.length));
    expect(dataIn(atTwo, 1)).toEqual(numbers);
    expect(overflows()).toBe(0);
  });
});

it('tells what is not acknowledged, and when that changes', async () => {
  const { atOne, atTwo } = await overPath();
  let told = 0;
  atOne.acknowledged = () => {
    told += 1;
  };
  const before = atOne.trunk.unacknowledged;
  atOne.trunk.say('x'.repeat(1_000));
  expect(atOne.trunk.unacknowledged).toBeGreaterThanOrEqual(before + 1_000);
  await eventually(() => expect(atOne.trunk.unacknowledged).toBe(0));
  expect(told).toBeGreaterThan(0);
  expect(atTwo.frames).toHaveLength(1);
});
