import { createServer } from 'node:net';
import { observer, type types } from 'mediasoup';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MediaOptions } from '../../src/media/index.ts';
import type { Media } from '../../src/ports.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { eventually, newConference, offered, openPeer, startMedia } from './harness.ts';

const mute = {
  control: () => undefined,
  controlOpen: () => undefined,
  controlClosed: () => undefined,
  packet: () => undefined,
};

describe('workers', () => {
  const workers: types.Worker[] = [];
  const open: Media[] = [];
  const endpoints: DatachannelEndpoint[] = [];

  beforeEach(() => {
    workers.length = 0;
    observer.on('newworker', worker => workers.push(worker));
  });

  afterEach(async () => {
    for (const endpoint of endpoints.splice(0)) endpoint.close();
    for (const media of open.splice(0)) await media.close();
    observer.removeAllListeners('newworker');
  });

  async function start(options?: Partial<MediaOptions>): Promise<Media> {
    const media = await startMedia(options);
    open.push(media);
    return media;
  }

  const worker = (index = 0): types.Worker => {
    const found = workers[index];
    if (found === undefined) throw new Error('no such worker');
    return found;
  };
  /** Routers, transports and all they hold, as the worker itself counts them. */
  const handlers = async (): Promise<number> =>
    (await worker().dump()).channelMessageHandlers.channelRequestHandlers.length;

  async function join(media: Media, conference: ReturnType<typeof newConference>, name: string) {
    const opened = await openPeer(media, conference, name);
    const endpoint = new DatachannelEndpoint(mute);
    endpoints.push(endpoint);
    for (const kind of ['audio', 'video'] as const) {
      endpoint.send({ kind, streamId: name, trackId: `${name}-${kind}`, direction: 'sendonly' });
    }
    const answered = await opened.peer.answer(await endpoint.offer());
    await endpoint.takeAnswer(answered.sdp);
    const tracks = answered.published.map(({ ref }) => offered(ref, opened.session, 0));
    return { ...opened, endpoint, tracks };
  }

  it('keep nothing of peers that have closed', async () => {
    const media = await start();
    const empty = await handlers();
    const atTheStart = media.handles();
    const conference = newConference();
    const alice = await join(media, conference, 'alice');
    const bob = await join(media, conference, 'bob');
    const { sdp } = await bob.peer.offer(alice.tracks);
    await bob.peer.accept(await bob.endpoint.answer(sdp));
    expect((await worker().dump()).routerIds).toHaveLength(1);
    expect(await handlers()).toBeGreaterThan(empty);
    expect(media.handles()).toMatchObject({ router: 1, producer: 4, consumer: 2 });
    alice.peer.close();
    alice.peer.close();
    bob.peer.close();
    await eventually('empty worker', async () => (await handlers()) === empty);
    expect((await worker().dump()).routerIds).toEqual([]);
    expect(media.handles()).toEqual(atTheStart);
    await expect(bob.peer.offer([])).rejects.toMatchObject({ code: 'WEIR_UNEXPECTED_MESSAGE' });
    expect(bob.peer.sendControl('late')).toBe(false);
  });

  it('keep nothing of a peer that closes in the middle of its calls', async () => {
    const media = await start();
    const empty = await handlers();
    const { peer } = await openPeer(media, newConference(), 'alice');
    const endpoint = new DatachannelEndpoint(mute);
    endpoints.push(endpoint);
    endpoint.send({ kind: 'audio', streamId: 's', trackId: 't', direction: 'sendonly' });
    const calls = [peer.answer(await endpoint.offer()), peer.offer([]), peer.accept('')];
    peer.close();
    for (const outcome of await Promise.allSettled(calls)) expect(outcome.status).toBe('rejected');
    await eventually('empty worker', async () => (await handlers()) === empty);
  });

  it('are replaced when they die, and their peers are told', async () => {
    const media = await start();
    const conference = newConference();
    const alice = await join(media, conference, 'alice');
    expect(media.health()).toMatchObject({ alive: 1, wanted: 1 });
    process.kill(worker().pid, 'SIGKILL');
    await eventually('death', () => alice.log.failed.length > 0);
    expect(alice.log.failed).toEqual(['WEIR_WORKER_DIED']);
    expect(media.health()).toMatchObject({ alive: 0, wanted: 1 });
    await expect(openPeer(media, newConference(), 'early')).rejects.toMatchObject({ code: 'WEIR_WORKER_DIED' });
    await expect(alice.peer.offer([])).rejects.toMatchObject({ code: 'WEIR_WORKER_DIED' });
    alice.peer.close();
    await eventually('replacement', () => media.health().alive === 1);
    // The same conference comes up on the new worker.
    await join(media, conference, 'alice');
    expect((await worker(1).dump()).routerIds).toHaveLength(1);
  });

  it('share the conferences, and keep each whole', async () => {
    const media = await start({ workers: 2 });
    const [one, two] = [newConference(), newConference()];
    for (const [conference, name] of [
      [one, 'a'],
      [one, 'b'],
      [two, 'c'],
    ] as const) {
      await openPeer(media, conference, name);
    }
    const routers = await Promise.all(workers.map(async each => (await each.dump()).routerIds.length));
    expect(routers).toEqual([1, 1]);
  });

  it('listen on one port each, UDP and TCP, v4 and v6, and say where', async () => {
    const taken = createServer();
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const min = typeof address === 'object' && address !== null ? address.port : 0;
    const listening = [{ ip: '127.0.0.1', announcedAddress: '192.0.2.7' }, { ip: '::1' }];
    const media = await start({ workers: 2, listen: listening, ports: { min, max: min + 20 } });
    const { peer } = await openPeer(media, newConference(), 'reader');
    const endpoint = new DatachannelEndpoint(mute);
    endpoints.push(endpoint);
    endpoint.send({ kind: 'audio', streamId: 'r', trackId: 'r', direction: 'sendonly' });
    const { sdp } = await peer.answer(await endpoint.offer());
    const candidates = [...sdp.matchAll(/a=candidate:\S+ 1 (udp|tcp) \d+ (\S+) (\d+) typ host/g)].map(match =>
      match.slice(1),
    );
    const [, , port] = candidates[0] ?? [];
    expect(Number(port)).toBeGreaterThan(min);
    expect(candidates.map(candidate => candidate.join(' ')).sort()).toEqual(
      ['tcp 192.0.2.7', 'tcp ::1', 'udp 192.0.2.7', 'udp ::1'].map(start => `${start} ${port}`),
    );
    taken.close();
    await expect(startMedia({ workers: 3, ports: { min, max: min } })).rejects.toMatchObject({
      code: 'WEIR_MEDIA_FAILED',
    });
  });

  it('refuse to start with a binary that is none', async () => {
    await expect(startMedia({ workerBin: '/nonexistent/worker' })).rejects.toMatchObject({ code: 'WEIR_MEDIA_FAILED' });
  });
});
