import { beforeEach, expect, it } from 'vitest';
import { HostLine } from './host-line.ts';

const HOST = 'https://chat.example.org';

/** A window within another. */
class FakeWindow extends EventTarget {
  readonly parent = {};

  fakeMessage(data: unknown, from: { origin?: string; source?: object } = {}): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data, origin: HOST, source: this.parent, ...from }));
  }
}

let window: FakeWindow;
let line: HostLine;
let heard: unknown[];
const listen = (): void =>
  window.addEventListener('message', event => heard.push('data' in event ? event.data : undefined));

beforeEach(() => {
  window = new FakeWindow();
  line = new HostLine(HOST, window);
  heard = [];
});

it('keeps what comes too early, and gives it in order', () => {
  for (const data of [1, 2]) window.fakeMessage(data);
  listen();
  expect(heard).toEqual([]);
  line.open();
  window.fakeMessage(3);
  expect(heard).toEqual([1, 2, 3]);
});

it('keeps so much and no more', () => {
  for (let data = 0; data < 1_000; data++) window.fakeMessage(data);
  listen();
  line.open();
  expect(heard).toHaveLength(64);
});

it.each([
  ['another origin', { origin: 'https://chat.example.org.evil.example' }],
  ['another window of its origin', { source: {} }],
])('lets nothing through from %s, early or late', async (_whom, from) => {
  listen();
  window.fakeMessage('early', from);
  line.open();
  window.fakeMessage('late', from);
  expect(heard).toEqual([]);
  expect(await Promise.race([line.heard.then(() => 'heard'), Promise.resolve('silent')])).toBe('silent');
  window.fakeMessage('host');
  expect(heard).toEqual(['host']);
  await line.heard;
});
