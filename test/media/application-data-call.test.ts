/** Application data as clients have it: a focus with its rules and its media, told by control messages. Matrix alone is a stand-in. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'puppeteer-core';
import { writeControl } from '../../signalling/wire/control.ts';
import { parseDataPublisher } from '../../signalling/wire/data.ts';
import { OPEN_TO_ALL } from '../../signalling/wire/permissions.ts';
import { DataCall, say, told } from './data-call.ts';
import { eventually, type Pages, startChromium } from './harness.ts';

let pages: Pages;
let call: DataCall;

beforeAll(async () => {
  [call, pages] = await Promise.all([DataCall.start('alice', 'bob', 'carol'), startChromium()]);
});

afterAll(async () => {
  await call.close();
  await pages.close();
});

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
  const answer = await call.invite(name, offer);
  await page.evaluate(async (sdp: string) => {
    const connection = Reflect.get(window, 'connection') as RTCPeerConnection;
    await connection.setRemoteDescription({ type: 'answer', sdp });
  }, answer);
  return page;
}

test('members who subscribe to a label have its channels, browsers and others, opened at any time', async () => {
  const [alice, bob] = [await call.join('alice'), await call.join('bob')];
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
  const alice = await call.join('alice');
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
  const [alice, bob] = [await call.join('alice'), await call.join('bob')];
  say(bob, { kind: 'data_subscription', labels: ['notes'] });
  // One is open, the other may still be opening when the room changes its mind.
  const first = alice.open('notes');
  const atBob = await eventually('at the subscriber', () => bob.received[0]);
  const second = alice.open('notes');
  call.permit({ ...OPEN_TO_ALL, publish: { data: 50 } });
  await eventually('both are closed', () => first.isClosed && second.isClosed);
  await eventually('at the subscriber, too', () => atBob.isClosed);
  await eventually('it is told', () =>
    told(alice).some(message => message.kind === 'error' && message.code === 'WEIR_MAY_NOT_PUBLISH'),
  );
  const refused = alice.open('notes');
  await eventually('a new one is closed', () => refused.isClosed);

  call.permit(OPEN_TO_ALL);
  const before = bob.received.length;
  const again = alice.open('notes');
  await eventually('at the subscriber again', () => bob.received.length > before);
  await eventually('a message', () => {
    if (again.channel.isOpen()) again.channel.sendMessage('hello');
    return bob.received.some(({ messages }) => messages.includes('hello'));
  });
});
