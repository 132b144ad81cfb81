import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { byNearness, pickFocus } from './foci.ts';

const SEEKER = { userId: '@ana:a.example:8448', homeserverUrl: 'https://matrix.a.example' };

/** What the web says: URL → body, or that it does not answer. */
type Web = Record<string, object | 'away'>;
let web: Web;
let asked: string[];

function focus(url: string, userId: string, load = 'calm'): void {
  web[`${url}/v1/ping`] = { load };
  web[`${url}/v1/focus`] = {
    user_id: userId,
    device_id: 'F',
    signalling: { path: '/v1/signal', token_path: '/v1/token' },
  };
}
const announce = (host: string, ...urls: string[]): void => {
  web[`https://${host}/.well-known/matrix/client`] = {
    'm.homeserver': { base_url: `https://matrix.${host}` },
    'org.weir.foci': urls.map(url => ({ url })),
  };
};
const nobody = async () => [];

beforeEach(() => {
  web = {};
  asked = [];
  vi.stubGlobal('fetch', async (where: string | URL) => {
    const url = String(where);
    asked.push(url);
    const body = web[url];
    if (body === 'away') throw new TypeError('Failed to fetch');
    return body === undefined ? new Response('{}', { status: 404 }) : Response.json(body);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('which focus is picked', () => {
  it('is none where the operator names none, and nobody is measured then', async () => {
    web['https://matrix.a.example/.well-known/matrix/client'] = {
      'm.homeserver': { base_url: 'https://matrix.a.example' },
    };
    expect(await pickFocus(SEEKER, nobody)).toBeUndefined();
    expect(asked.filter(url => url.includes('/v1/'))).toEqual([]);
  });

  it('is the one that the operator names, by the server name without its port, else where the homeserver is', async () => {
    focus('https://one.example', '@focus:a.example');
    announce('a.example', 'https://one.example');
    const picked = await pickFocus(SEEKER, nobody);
    expect(picked).toMatchObject({
      userId: '@focus:a.example',
      deviceId: 'F',
      signalling: { socketUrl: 'wss://one.example/v1/signal', tokenUrl: 'https://one.example/v1/token' },
    });
    web = {};
    focus('https://one.example', '@focus:a.example');
    announce('matrix.a.example', 'https://one.example');
    expect((await pickFocus(SEEKER, nobody))?.userId).toBe('@focus:a.example');
  });

  it('is not one that refuses newcomers, does not answer, or does not say who it is', async () => {
    const urls = ['https://full.example', 'https://away.example', 'https://mute.example', 'https://good.example'];
    announce('a.example', ...urls);
    focus('https://full.example', '@full:a.example', 'careful');
    focus('https://away.example', '@away:a.example');
    web['https://away.example/v1/ping'] = 'away';
    web['https://mute.example/v1/ping'] = { load: 'calm' };
    focus('https://good.example', '@good:a.example');
    expect((await pickFocus(SEEKER, nobody))?.userId).toBe('@good:a.example');
  });

  it('is one of the members where the own ones take nobody, as far as its operator says where it is', async () => {
    announce('a.example', 'https://full.example');
    focus('https://full.example', '@full:a.example', 'shedding');
    announce('b.example', 'https://b.example', 'https://unused.b.example');
    focus('https://b.example', '@focus:b.example');
    focus('https://unused.b.example', '@another:b.example');
    const others = async () => [
      { userId: '@focus:evil.example', deviceId: 'F' },
      { userId: '@focus:b.example', deviceId: 'F' },
    ];
    expect((await pickFocus(SEEKER, others))?.userId).toBe('@focus:b.example');
    expect(await pickFocus(SEEKER, nobody)).toBeUndefined();
  });

  it('is never a place that another operator gives out as the focus of a third one', async () => {
    announce('a.example', 'https://full.example');
    focus('https://full.example', '@full:a.example', 'shedding');
    announce('evil.example', 'https://trap.example');
    focus('https://trap.example', '@focus:b.example');
    const others = async () => [
      { userId: '@focus:evil.example', deviceId: 'F' },
      { userId: '@focus:b.example', deviceId: 'F' },
    ];
    expect(await pickFocus(SEEKER, others)).toBeUndefined();
  });

  it('survives whatever stands in a well-known', async () => {
    for (const foci of ['text', [1], [{ url: 'javascript:alert(1)' }, { url: 'nonsense' }], [{}], {}]) {
      web['https://a.example/.well-known/matrix/client'] = { 'org.weir.foci': foci };
      expect(await pickFocus(SEEKER, nobody)).toBeUndefined();
    }
    expect(asked.filter(url => !url.includes('/.well-known/'))).toEqual([]);
  });
});

describe('the order', () => {
  it('is that of round trips, among those that take newcomers', () => {
    const measured = [
      { url: 'far', roundTripMs: 80, load: 'calm' },
      { url: 'full', roundTripMs: 1, load: 'careful' },
      { url: 'near', roundTripMs: 12, load: 'calm' },
      { url: 'fuller', roundTripMs: 2, load: 'shedding' },
    ] as const;
    expect(byNearness(measured).map(({ url }) => url)).toEqual(['near', 'far']);
  });
});
