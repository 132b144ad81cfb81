import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type Relay, type RelayOptions, startRelay } from './relay.ts';
import { type LinkProfile, steady } from './script.ts';

const open: LinkProfile = { queueMs: 0, delayMs: 0 };
const slow: LinkProfile = { queueMs: 1000, delayMs: 20, rateBps: 2_000_000, jitterMs: 3 };

const sockets: Socket[] = [];
const relays: Relay[] = [];

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Answers each packet with the same text and a mark. */
async function openServer(): Promise<Socket> {
  const server = await openSocket();
  server.on('message', (packet, from) => server.send(`${packet.toString()}!`, from.port, from.address));
  return server;
}

async function relayTo(server: Socket, options: Partial<RelayOptions> = {}): Promise<Relay> {
  const target = { host: '127.0.0.1', port: server.address().port };
  const relay = await startRelay({ target, up: steady(open), down: steady(open), seed: 1, ...options });
  relays.push(relay);
  return relay;
}

/** The next `count` packets that come to the socket, as text. */
async function receive(socket: Socket, count: number): Promise<string[]> {
  const texts: string[] = [];
  const all = Promise.withResolvers<string[]>();
  const take = (packet: Buffer) => {
    texts.push(packet.toString());
    if (texts.length === count) all.resolve(texts);
  };
  socket.on('message', take);
  try {
    return await all.promise;
  } finally {
    socket.off('message', take);
  }
}

afterEach(async () => {
  await Promise.all(relays.splice(0).map(relay => relay.close()));
  for (const socket of sockets.splice(0)) socket.close();
});

describe('a relay', () => {
  it('passes packets both ways, in order', async () => {
    const relay = await relayTo(await openServer(), { up: steady(slow), down: steady(slow) });
    relay.start();
    const client = await openSocket();
    const sent = Array.from({ length: 50 }, (_, index) => `packet ${index}`);
    const answers = receive(client, sent.length);
    for (const text of sent) client.send(text, relay.port, relay.host);
    expect(await answers).toEqual(sent.map(text => `${text}!`));
    const report = await relay.close();
    for (const direction of [report.up, report.down]) {
      expect(direction.totals).toEqual({ entered: 50, left: 50, dropped: 0, lost: 0, inside: 0 });
    }
    const bytesUp = sent.reduce((sum, text) => sum + text.length + 28, 0);
    expect(report.up.samples.reduce((sum, { enteredBytes }) => sum + enteredBytes, 0)).toBe(bytesUp);
    expect(report.down.samples.reduce((sum, { leftBytes }) => sum + leftBytes, 0)).toBe(bytesUp + 50);
    expect(report).toMatchObject({ socketErrors: 0, unaddressed: 0, latenessMs: { packets: 100 } });
    expect(report.latenessMs.max).toBeGreaterThanOrEqual(report.latenessMs.p99);
  });

  it('does not deliver sooner than the model says', async () => {
    const relay = await relayTo(await openServer(), { down: steady({ ...open, delayMs: 60 }) });
    const client = await openSocket();
    const answer = receive(client, 1);
    const before = performance.now();
    client.send('now', relay.port, relay.host);
    await answer;
    expect(performance.now() - before).toBeGreaterThanOrEqual(60);
  });

  it('answers to the port that sent last', async () => {
    const server = await openServer();
    const relay = await relayTo(server);
    const [first, second] = [await openSocket(), await openSocket()];
    for (const socket of [first, second, first]) {
      const answer = receive(socket, 1);
      socket.send('here', relay.port, relay.host);
      expect(await answer).toEqual(['here!']);
    }
  });

  it('loses what the script says, and follows a new one', async () => {
    const relay = await relayTo(await openServer(), { up: steady({ ...open, lossPct: 100 }) });
    const client = await openSocket();
    const answers = receive(client, 1);
    client.send('lost', relay.port, relay.host);
    while ((await relay.report()).up.totals.entered < 1) await new Promise(resolve => setTimeout(resolve, 5));
    relay.setScripts(steady(open), steady(open));
    await relay.report();
    client.send('not lost', relay.port, relay.host);
    expect(await answers).toEqual(['not lost!']);
    expect((await relay.report()).up.totals).toMatchObject({ entered: 2, lost: 1, left: 1 });
  });

  it('has samples from the start on', async () => {
    const relay = await relayTo(await openServer());
    expect(await relay.report()).toMatchObject({ startedAt: null, up: { samples: [] } });
    const before = Date.now();
    relay.start();
    const { startedAt, up } = await relay.report();
    expect(up.samples[0]).toMatchObject({ atMs: 0, enteredBytes: 0 });
    expect(Math.abs((startedAt ?? 0) - before)).toBeLessThan(10_000);
  });

  it('counts what fails on the sockets and goes on', async () => {
    const server = await openServer();
    const relay = await relayTo(server);
    const { port } = server.address();
    sockets.splice(sockets.indexOf(server), 1);
    await new Promise<void>(resolve => {
      server.close(resolve);
    });
    const client = await openSocket();
    client.send('anybody?', relay.port, relay.host);
    while ((await relay.report()).socketErrors === 0) await new Promise(resolve => setTimeout(resolve, 5));
    const again = createSocket('udp4');
    sockets.push(again);
    again.bind(port, '127.0.0.1');
    await once(again, 'listening');
    const arrived = receive(again, 1);
    client.send('anybody now?', relay.port, relay.host);
    expect(await arrived).toEqual(['anybody now?']);
  });
});

describe('relays', () => {
  it('work side by side, each with its own server', async () => {
    const [first, second] = await Promise.all([relayTo(await openServer()), relayTo(await openServer())]);
    expect(first.port).not.toBe(second.port);
    const client = await openSocket();
    const answers = receive(client, 2);
    client.send('one', first.port, first.host);
    client.send('two', second.port, second.host);
    expect((await answers).toSorted()).toEqual(['one!', 'two!']);
    await first.close();
    const answer = receive(client, 1);
    client.send('three', second.port, second.host);
    expect(await answer).toEqual(['three!']);
  });

  it('free their port when closed, and give the last report once more', async () => {
    const relay = await relayTo(await openServer());
    const last = await relay.close();
    expect(await relay.close()).toBe(last);
    await expect(relay.report()).rejects.toThrow('closed');
    relay.start();
    const reuse = createSocket('udp4');
    sockets.push(reuse);
    reuse.bind(relay.port, relay.host);
    await once(reuse, 'listening');
  });

  it('can be started again after the last one was closed', async () => {
    const server = await openServer();
    await (await relayTo(server)).close();
    const relay = await relayTo(server);
    const client = await openSocket();
    const answer = receive(client, 1);
    client.send('again', relay.port, relay.host);
    expect(await answer).toEqual(['again!']);
  });

  it('are refused for a script that makes no sense, and for an address that is not ours', async () => {
    const server = await openServer();
    await expect(relayTo(server, { up: [] })).rejects.toThrow(RangeError);
    await expect(relayTo(server, { host: '192.0.2.1' })).rejects.toThrow('EADDRNOTAVAIL');
    await expect(relayTo(server, { target: { host: '127.0.0.1', port: 0 } })).rejects.toThrow();
  });
});
