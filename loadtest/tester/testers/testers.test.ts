import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { emptySample } from '../share/merge.ts';
import { Leader } from './leader.ts';
import { readCommand, readReport, TESTERS_PROTOCOL } from './protocol.ts';

const TOKEN = 'a-token-that-both-know';

interface Led {
  leader: Leader;
  told: string[];
}

async function lead(testers = 1): Promise<Led> {
  const told: string[] = [];
  const leader = await Leader.listen({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    testers,
    tell: text => told.push(text),
  });
  onTestFinished(() => leader[Symbol.asyncDispose]());
  return { leader, told };
}

/** Resolves with the socket, or with the status of the refusal. */
function join({ leader }: Led, token = TOKEN, protocol = TESTERS_PROTOCOL): Promise<WebSocket | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${leader.port}`, protocol, {
    headers: { authorization: `Bearer ${token}` },
  });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
  });
}

async function joined(led: Led): Promise<WebSocket> {
  const socket = await join(led);
  if (typeof socket === 'number') throw new Error(`refused: ${socket}`);
  return socket;
}

describe('a leader', () => {
  it('takes in who knows the token and speaks the same version, and no more than it waits for', async () => {
    const led = await lead();
    expect(await join(led, 'another')).toBe(401);
    expect(await join(led, '')).toBe(401);
    expect(await join(led, TOKEN, 'weir-loadtest.v0')).toBe(400);
    const socket = await joined(led);
    expect(await join(led)).toBe(409);
    expect(await led.leader.all(new AbortController().signal)).toHaveLength(1);
    socket.close();
  });

  it('says what is to be done, and adds up what it is told', async () => {
    const led = await lead();
    const socket = await joined(led);
    const [share] = await led.leader.all(new AbortController().signal);
    if (share === undefined) throw new Error('no share');
    const heard = new Promise(resolve =>
      socket.once('message', (data: Buffer) => resolve(readCommand(data.toString()))),
    );
    share.say({ kind: 'wanted', participants: 7 });
    expect(await heard).toEqual({ kind: 'wanted', participants: 7 });
    for (const packetsIn of [3, 4]) {
      socket.send(JSON.stringify({ kind: 'sample', sample: { ...emptySample(), packetsIn, connected: packetsIn } }));
    }
    socket.send(JSON.stringify({ kind: 'trouble', message: 'oh' }));
    await expect.poll(() => led.told).toEqual(['oh']);
    // What was counted is added; of what stands the latest counts.
    expect(share.take()).toMatchObject({ packetsIn: 7, connected: 4 });
    expect(share.take()).toMatchObject({ packetsIn: 0, connected: 4 });
  });

  it('gives a run up whose tester is gone, or speaks nonsense', async () => {
    for (const end of ['close', 'nonsense'] as const) {
      const led = await lead();
      const socket = await joined(led);
      const [share] = await led.leader.all(new AbortController().signal);
      expect(share?.lost).toBeUndefined();
      if (end === 'close') socket.close();
      else socket.send('{"kind":"sample"}');
      await expect.poll(() => share?.lost).toContain('a tester that joined');
    }
  });

  it('loses nobody whom it has told to stop', async () => {
    const led = await lead();
    const socket = await joined(led);
    const [share] = await led.leader.all(new AbortController().signal);
    socket.on('message', (data: Buffer) => {
      if (readCommand(data.toString())?.kind === 'stop') socket.close();
    });
    await share?.stop();
    await delay(10);
    expect(share?.lost).toBeUndefined();
  });
});

describe('messages between testers', () => {
  it('are read, or are none', () => {
    expect(readReport(JSON.stringify({ kind: 'sample', sample: emptySample() }))?.kind).toBe('sample');
    for (const text of ['', 'null', '{}', '{"kind":"sample","sample":{}}', '{"kind":"trouble","message":7}']) {
      expect(readReport(text)).toBeUndefined();
      expect(readCommand(text)).toBeUndefined();
    }
    const negative = { ...emptySample(), packetsIn: -1 };
    expect(readReport(JSON.stringify({ kind: 'sample', sample: negative }))).toBeUndefined();
  });
});
