import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoToken, SignalToken } from './signal-token.ts';

const OPEN_ID = { access_token: 'o', token_type: 'Bearer', matrix_server_name: 'a.example', expires_in: 3_600 };

let asked: number;
let answers: (() => Response)[];
const bodies: unknown[] = [];
let token: SignalToken;

const given =
  (text: string): (() => Response) =>
  () =>
    Response.json({ token: text, expires_in: 300 });
const refused =
  (status: number): (() => Response) =>
  () =>
    Response.json({ code: 'WEIR_NOT_JOINED' }, { status });

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  answers = [];
  bodies.length = 0;
  vi.stubGlobal('fetch', async (_url: string, { body }: { body: string }) => {
    bodies.push(JSON.parse(body));
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('no network');
    return answer();
  });
  token = new SignalToken({
    url: 'https://focus.example/v1/token',
    roomId: '!room:a.example',
    confId: 'conf',
    deviceId: 'ANADEV',
    openIdToken: async () => {
      asked += 1;
      return OPEN_ID;
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the token of a line', () => {
  it('is asked for with what the homeserver says of us, and used again while it holds', async () => {
    answers = [given('first'), given('second')];
    expect(await token.get()).toBe('first');
    expect(bodies).toEqual([
      { room_id: '!room:a.example', conf_id: 'conf', device_id: 'ANADEV', openid_token: OPEN_ID },
    ]);
    vi.advanceTimersByTime(280_000);
    expect(token.freshForMs).toBe(0);
    expect(await token.get()).toBe('first');
    vi.advanceTimersByTime(10_000);
    expect(await token.get()).toBe('second');
    expect(asked).toBe(1);
  });

  it('is asked for anew where the focus refused it', async () => {
    answers = [given('first'), given('second')];
    await token.get();
    token.refused();
    expect(await token.get()).toBe('second');
  });

  it('is none where the focus gives none, and who we are is asked again where that was doubted', async () => {
    answers = [refused(403), refused(401), () => Response.json({ token: '' }), given('at last')];
    for (let i = 0; i < 3; i += 1) await expect(token.get()).rejects.toThrow('no token');
    expect(asked).toBe(2);
    expect(await token.get()).toBe('at last');
    await expect(token.renew()).rejects.toThrow('no network');
    expect(await token.get()).toBe('at last');
  });

  it('is asked for later where the focus is full, by its own word', async () => {
    const full = { code: 'WEIR_OVERLOADED', message: 'm', remedy: 'r', retry_after_ms: 10_000 };
    answers = [
      () => Response.json(full, { status: 503 }),
      () => Response.json({ ...full, retry_after_ms: -1 }, { status: 503 }),
      () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
    ];
    const waits: unknown[] = [];
    for (let i = 0; i < 3; i += 1)
      waits.push(
        await token.get().catch((thrown: unknown) => (thrown instanceof NoToken ? thrown.retryAfterMs : thrown)),
      );
    expect(waits).toEqual([10_000, 0, 0]);
  });
});
