/** Application data as clients have it: a focus with its rules and its media, told by control messages. Matrix alone is a stand-in. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'puppeteer-core';
import { type ControlMessage, parseControl, writeControl } from '../../signalling/wire/control.ts';
import { parseDataPublisher } from '../../signalling/wire/data.ts';
import { ok } from '../../signalling/wire/parse.ts';
import { OPEN_TO_ALL } from '../../signalling/wire/permissions.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../../src/conference/state.ts';
import type { Media } from '../../src/ports.ts';
import { Focus } from '../../src/runtime/focus.ts';
import { FakeMeters, FakeRooms, FakeSignals, FakeStore, silentLog } from '../../src/testing/fake-world.ts';
import { DataClient } from './data-peer.ts';
import { eventually, type Pages, startChromium, startMedia, systemClock } from './harness.ts';

const USERS = ['alice', 'bob', 'carol'].map(name => `@${name}:test`);

let media: Media;
let pages: Pages;
let focus: Focus;
const signals = new FakeSignals();
const rooms = new FakeRooms();
const clients: DataClient[] = [];

beforeAll(async () => {
  [media, pages] = await Promise.all([startMedia(), startChromium()]);
  rooms.room('!room:test', 'conf', ...USERS);
  focus = new Focus({
    media,
    signals,
    store: new FakeStore(),
    clock: systemClock,
    log: silentLog,
    meters: new FakeMeters(),
    focus: { userId: '@focus:test', deviceId: 'FOCUS' },
    timing: DEFAULT_TIMING,
    limits: DEFAULT_LIMITS,
    rooms,
    bounds: { conferences: 1, invitesPerUserPerMinute: 60, invitePatienceMs: 1_000, waitingInvites: 1 },
  });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await focus.stop();
  await pages.close();
  await media.close();
});

let calls = 0;

/** The answer of the focus to an invite. */
async function invite(name: string, sdp: string): Promise<string> {
  calls += 1;
  const callId = `call ${calls} of ${name}`;
  const from = { sender: `@${name}:test`, deviceId: 'DEV', sessionId: callId, callId, confId: 'conf' };
  focus.take({
    parsed: ok({ kind: 'invite', from, sdp, metadata: {}, lifetimeMs: 60_000 }),
    replyTo: undefined,
    lateMs: 0,
  });
  const sent = await eventually('answer', () =>
    signals.sent.find(({ event }) => event.type === 'm.call.answer' && event.content['call_id'] === callId),
  );
  return (sent.event.content['answer'] as { sdp: string }).sdp;
}

async function join(name: string): Promise<DataClient> {
  const client = new DataClient();
  clients.push(client);
  await client.join(offer => invite(name, offer));
  return client;
}

function say(client: DataClient, message: ControlMessage): void {
  client.sendControl(writeControl(message));
}

function told(client: DataClient): ControlMessage[] {
  return client.control.flatMap(text => {
    const parsed = parseControl(text);
    return parsed.kind === 'ok' ? parsed.value : [];
  });
}

/** A page in the call, with channels that it opens before it is connected. */
async function joinByPage(name: string, labels: readonly string[]): Promise<Page> {
  const page = await pages.browser.newPage();
  await page.goto(pages.url);
  const offer = await page.evaluate(async (wanted: readonly string[]) => {
    const connection = new RTCPeerConnection();
    const control = connection.createDataChannel('datachannel');
    const channels = wanted.map(label => connection.createDataChannel(label, { ordered: false, maxRetransmits: 0 }));
    const heard: string[] = [];
    connection.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) =>
        heard.push(`${channel.label} ${channel.ordered} ${channel.protocol} ${String(data)}`);
    };
    Object.assign(window, { connection, control, channels, heard });
    await connection.setLocalDescription(await connection.createOffer());
    return connection.localDescription?.sdp ?? '';
  }, labels);
  const answer = await invite(name, offer);
  await page.evaluate(async (sdp: string) => {
    const connection = Reflect.get(window, 'connection') as RTCPeerConnection;
    await connection.setRemoteDescription({ type: 'answer', sdp });
  }, answer);
  return page;
}

test('members who subscribe to a label have its channels, browsers and others, opened at any time', async () => {
  const [alice, bob] = [await join('alice'), await join('bob')];
  say(bob, { kind: 'data_subscription', labels: ['positions', 'chat'] });
  const page = await joinByPage('carol', ['positions', 'unheard']);

  const positions = await eventually('a channel of the page', () => bob.received[0]);
  expect(positions.label).toBe('positions');
  expect(parseDataPublisher(positions.protocol)).toMatchObject({ value: { userId: '@carol:test', deviceId: 'DEV' } });
  await eventually('a position', async () => {
    await page.evaluate(() =>
      (Reflect.get(window, 'channels') as RTCDataChannel[]).forEach(each => each.send('1 2 3')),
    );
    return positions.messages.includes('1 2 3');
  });
  expect(bob.received).toHaveLength(1);
  expect(alice.received).toHaveLength(0);
  await eventually('the list', () =>
    told(bob).some(
      message =>
        message.kind === 'data_channels' &&
        message.channels.map(({ label }) => label).join() === 'positions,unheard' &&
        message.channels.every(({ userId, ordered, reliable }) => userId === '@carol:test' && !ordered && !reliable),
    ),
  );
  expect(told(alice).some(({ kind }) => kind === 'data_channels')).toBe(false);

  await eventually('control channel of the page', () =>
    page.evaluate(
      text => {
        const control = Reflect.get(window, 'control') as RTCDataChannel;
        if (control.readyState === 'open') control.send(text);
        return control.readyState === 'open';
      },
      writeControl({ kind: 'data_subscription', labels: ['chat'] }),
    ),
  );
  const chat = alice.open('chat', { protocol: 'v1' });
  await eventually('at both', async () => {
    if (chat.channel.isOpen()) chat.channel.sendMessage('hello');
    const heard = await page.evaluate(() => Reflect.get(window, 'heard') as string[]);
    return bob.received.some(({ messages }) => messages.includes('hello')) && heard.length > 0 && heard;
  });
  const [heard] = await page.evaluate(() => Reflect.get(window, 'heard') as string[]);
  expect(heard).toMatch(/^chat true .*"user_id":"@alice:test".*"protocol":"v1".* hello$/);

  await page.evaluate(() => (Reflect.get(window, 'channels') as RTCDataChannel[]).forEach(each => each.close()));
  await eventually('the page is rid of them', () =>
    page.evaluate(() =>
      (Reflect.get(window, 'channels') as RTCDataChannel[]).every(each => each.readyState === 'closed'),
    ),
  );
  await eventually('its subscriber, too', () => positions.isClosed);
  await page.close();
});

test('who opens too many is told, and keeps those that it may have', async () => {
  const alice = await join('alice');
  say(alice, { kind: 'data_subscription', labels: [] });
  await eventually('room for them', () => told(alice).some(({ kind }) => kind === 'data_channels'));
  const channels = Array.from({ length: 18 }, (_, index) => alice.open(`label ${index}`));
  await eventually('two are closed', () => channels.filter(({ isClosed }) => isClosed).length === 2);
  await eventually('it is told', () =>
    told(alice).some(message => message.kind === 'error' && message.code === 'WEIR_DATA_LIMIT'),
  );
  await eventually('the others are open', () => channels.filter(({ channel }) => channel.isOpen()).length === 16);
});

test('who may no longer publish data loses its channels, and opens others once it may again', async () => {
  const [alice, bob] = [await join('alice'), await join('bob')];
  say(bob, { kind: 'data_subscription', labels: ['notes'] });
  // One is open, the other may still be opening when the room changes its mind.
  const first = alice.open('notes');
  const atBob = await eventually('at the subscriber', () => bob.received[0]);
  const second = alice.open('notes');
  rooms.permissions = { ...OPEN_TO_ALL, publish: { data: 50 } };
  focus.roomsChanged(new Set(['!room:test']));
  await eventually('both are closed', () => first.isClosed && second.isClosed);
  await eventually('at the subscriber, too', () => atBob.isClosed);
  await eventually('it is told', () =>
    told(alice).some(message => message.kind === 'error' && message.code === 'WEIR_MAY_NOT_PUBLISH'),
  );
  const refused = alice.open('notes');
  await eventually('a new one is closed', () => refused.isClosed);

  rooms.permissions = OPEN_TO_ALL;
  focus.roomsChanged(new Set(['!room:test']));
  const before = bob.received.length;
  const again = alice.open('notes');
  await eventually('at the subscriber again', () => bob.received.length > before);
  await eventually('a message', () => {
    if (again.channel.isOpen()) again.channel.sendMessage('hello');
    return bob.received.some(({ messages }) => messages.includes('hello'));
  });
});
