import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppserviceLink } from './appservice-link.ts';

const DEVICE = { userId: '@load-1:x', deviceId: 'LOADTEST', accessToken: 'as' };
const ANSWER = { type: 'm.call.answer', sender: '@f:x', content: { call_id: 'c1' } };

let requests: URL[];
/** What waits for the device. */
let waiting: object[];
let fetched: string[];
let received: unknown[];
let link: AppserviceLink;

beforeEach(async () => {
  vi.useFakeTimers();
  requests = [];
  waiting = [];
  fetched = [];
  received = [];
  vi.stubGlobal('fetch', (url: URL) => {
    requests.push(url);
    const events = url.searchParams.has('since') ? waiting.splice(0) : [];
    return Promise.resolve(new Response(JSON.stringify({ next_batch: 'n', to_device: { events } })));
  });
  link = new AppserviceLink('http://hs', 'as', DEVICE, type => fetched.push(type));
  await link.open({ toDevice: event => received.push(event), control: () => undefined });
});
afterEach(async () => {
  await link.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const syncs = (): number => requests.filter(({ pathname }) => pathname.endsWith('/sync')).length;
const invite = (): Promise<void> => link.sendToDevice('@f:x', 'F', 'm.call.invite', { call_id: 'c1' });

it('acts as its device', async () => {
  await invite();
  const [sent] = requests;
  expect(sent?.searchParams.get('user_id')).toBe('@load-1:x');
  expect(sent?.searchParams.get('device_id')).toBe('LOADTEST');
});

it('is handed what came by transaction, and asks for nothing', async () => {
  await invite();
  link.hand({ ...ANSWER, content: { call_id: 'c1' } });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(received).toEqual([ANSWER]);
  expect(syncs()).toBe(0);
});

it('fetches an answer that no transaction brings, until it is there, and says so', async () => {
  await invite();
  await vi.advanceTimersByTimeAsync(2_100);
  expect(received).toEqual([]);
  waiting = [ANSWER];
  await vi.advanceTimersByTimeAsync(4_100);
  expect(received).toEqual([ANSWER]);
  expect(fetched).toEqual(['m.call.answer']);
  const asked = syncs();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(syncs()).toBe(asked);
});

it('does not hand over an event twice when the transaction comes late', async () => {
  await invite();
  waiting = [ANSWER];
  await vi.advanceTimersByTimeAsync(2_100);
  link.hand(ANSWER);
  expect(received).toEqual([ANSWER]);
});

it('goes on waiting when another call is spoken of, and gives up in the end', async () => {
  await invite();
  link.hand({ ...ANSWER, content: { call_id: 'another' } });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(syncs()).toBeGreaterThan(2);
  const asked = syncs();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(syncs()).toBe(asked);
});
