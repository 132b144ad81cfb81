import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SignalLine } from './signal-line.ts';
import { NoToken, type TokenSource } from './signal-token.ts';
import { FakeWebSocket } from './testing/fake-web-socket.ts';

const CALL = { callId: 'call', sessionId: 'session' };
const NEXT = { callId: 'next', sessionId: 'session-next' };
const NO_SESSION = { code: 'WEIR_NO_SESSION', message: 'no such session' };
const INVITE = '{"type":"m.call.invite","content":{"call_id":"call"}}';

class FakeToken implements TokenSource {
  freshForMs = 200_000;
  fails = false;
  /** When the focus wants to be asked again, in ms, with the refusal. */
  retryAfterMs = 0;
  asked = 0;
  renewed = 0;
  refusals = 0;

  async get(): Promise<string> {
    this.asked += 1;
    if (this.fails) throw new NoToken(503, this.retryAfterMs);
    return 'jwt';
  }

  async renew(): Promise<string> {
    this.renewed += 1;
    return this.get();
  }

  refused(): void {
    this.refusals += 1;
  }
}

let token: FakeToken;
let told: string[];
let line: SignalLine;

const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function open(resumed = false): Promise<FakeWebSocket> {
  line.open();
  await settle();
  FakeWebSocket.latest.fakeWelcome(resumed);
  return FakeWebSocket.latest;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeWebSocket);
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  FakeWebSocket.made = [];
  token = new FakeToken();
  told = [];
  line = new SignalLine('wss://focus.example/v1/signal', token, {
    opened: () => told.push('opened'),
    cut: () => told.push('cut'),
    frame: ({ type }) => told.push(type),
    unknown: callId => told.push(`unknown ${callId}`),
  });
});

afterEach(() => {
  line.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('opening', () => {
  it('says hello with a token, and is open when it is welcome', async () => {
    line.open();
    line.open();
    await settle();
    const socket = FakeWebSocket.latest;
    expect([socket.url, socket.protocols]).toEqual(['wss://focus.example/v1/signal', ['weir.v1']]);
    socket.fakeOpen();
    expect(socket.frames).toEqual([{ type: 'org.weir.hello', content: { token: 'jwt' } }]);
    expect(line.isOpen).toBe(false);
    socket.fakeFrame('org.weir.welcome', { resumed: false, user_id: '@f:x', device_id: 'F' });
    expect(line.isOpen).toBe(true);
    expect(told).toEqual(['opened']);
    expect(FakeWebSocket.made).toHaveLength(1);
  });

  it('tries later and later where it gets no token, no socket or no welcome', async () => {
    token.fails = true;
    line.open();
    await settle(10_000);
    expect(token.asked).toBeGreaterThan(4);
    expect(token.asked).toBeLessThan(8);
    token.fails = false;
    await settle(8_000);
    FakeWebSocket.latest.fakeClose();
    await settle(8_000);
    expect(FakeWebSocket.made).toHaveLength(2);
    FakeWebSocket.latest.fakeOpen();
    await settle(8_000);
    expect(FakeWebSocket.latest.readyState).toBe(3);
    expect(told).toEqual([]);
  });

  it('tries no sooner than a full focus asked for, even where a session hangs on it', async () => {
    token.fails = true;
    token.retryAfterMs = 10_000;
    line.hurry(true);
    line.open();
    await settle(12_000);
    expect(token.asked).toBe(1);
    await settle(1_000);
    expect(token.asked).toBe(2);
  });

  it('tries ever again where a session hangs on it, and gives no attempt long', async () => {
    await open();
    line.hurry(true);
    // The ping that looks whether it still holds is not answered, and then nothing is.
    await settle(30_000);
    const attempts = FakeWebSocket.made.length;
    expect(attempts).toBeGreaterThan(10);
    expect(attempts).toBeLessThan(18);
    line.hurry(false);
    await settle(30_000);
    expect(FakeWebSocket.made.length).toBeLessThan(attempts + 5);
  });

  it('asks for another token where this one is refused', async () => {
    line.open();
    await settle();
    FakeWebSocket.latest.fakeOpen();
    FakeWebSocket.latest.fakeClose(4401);
    expect(token.refusals).toBe(1);
    await settle(300);
    expect(FakeWebSocket.made).toHaveLength(2);
  });

  it('keeps its token fresh, so that a cut line needs nobody but the focus', async () => {
    await open();
    await settle(190_000);
    expect(token.renewed).toBe(0);
    await settle(10_000);
    expect(token.renewed).toBe(1);
    token.freshForMs = 0;
    await settle(200_000);
    await settle(60_000);
    expect(token.renewed).toBeLessThan(5);
  });

  it('is closed for good', async () => {
    const socket = await open();
    line.close();
    socket.fakeFrame('m.call.pong', {});
    line.check();
    line.cut();
    await settle(600_000);
    expect(socket.readyState).toBe(3);
    expect(FakeWebSocket.made).toHaveLength(1);
    expect(told).toEqual(['opened']);
  });
});

describe('carrying a session', () => {
  it('begins with its invite, and ends with it', async () => {
    expect(line.invite(CALL, INVITE)).toBe(false);
    const socket = await open();
    expect(line.say('call', 'early')).toBe(false);
    expect(line.invite(CALL, INVITE)).toBe(true);
    expect(line.say('call', 'first')).toBe(true);
    expect(line.say('next', 'of another')).toBe(false);
    line.release('call');
    expect(line.say('call', 'late')).toBe(false);
    expect(socket.sent.slice(1)).toEqual([INVITE, 'first']);
  });

  it('hands on what the focus says, in order, and passes over what it cannot read', async () => {
    const socket = await open();
    for (const type of ['m.call.answer', 'm.call.negotiate', 'm.call.ping']) socket.fakeFrame(type, {});
    socket.dispatchEvent(new MessageEvent('message', { data: '{' }));
    socket.dispatchEvent(new MessageEvent('message', { data: new ArrayBuffer(3) }));
    expect(told).toEqual(['opened', 'm.call.answer', 'm.call.negotiate', 'm.call.ping']);
  });

  it('goes on over the next socket, which names it in its hello', async () => {
    const first = await open();
    line.invite(CALL, INVITE);
    first.fakeClose();
    expect(told).toEqual(['opened', 'cut']);
    expect(line.say('call', 'lost')).toBe(false);
    await settle();
    const second = FakeWebSocket.latest;
    second.fakeWelcome(true);
    expect(second.content('org.weir.hello')).toEqual({
      token: 'jwt',
      resume: { call_id: 'call', sender_session_id: 'session' },
    });
    expect(told).toEqual(['opened', 'cut', 'opened']);
    expect(line.say('call', 'again')).toBe(true);
  });

  it('is told where the focus does not know it, once', async () => {
    const first = await open();
    line.invite(CALL, INVITE);
    first.fakeClose();
    await settle();
    const second = FakeWebSocket.latest;
    second.fakeWelcome(false);
    expect(told.slice(2)).toEqual(['opened', 'unknown call']);
    expect(line.invite(NEXT, INVITE)).toBe(true);
    second.fakeFrame('org.weir.error', NO_SESSION);
    expect(told).toHaveLength(4);
    second.fakeFrame('org.weir.error', NO_SESSION);
    expect(told.at(-1)).toBe('org.weir.error');
  });

  it('takes the error before the welcome as well', async () => {
    line.take(CALL);
    line.open();
    await settle();
    const socket = FakeWebSocket.latest;
    socket.fakeOpen();
    socket.fakeFrame('org.weir.error', NO_SESSION);
    socket.fakeFrame('org.weir.welcome', { resumed: false, user_id: '@f:x', device_id: 'F' });
    line.invite(NEXT, INVITE);
    socket.fakeFrame('org.weir.error', NO_SESSION);
    expect(told).toEqual(['opened', 'unknown call', 'org.weir.error']);
  });

  it('takes up a session that was invited another way, with another hello where the first is said', async () => {
    await open();
    line.take(CALL);
    await settle();
    expect(FakeWebSocket.made).toHaveLength(2);
    FakeWebSocket.latest.fakeWelcome(true);
    expect(line.carries('call')).toBe(true);
    line.take(CALL);
    await settle(1_000);
    expect(FakeWebSocket.made).toHaveLength(2);
  });

  it('takes up a session with its first hello where that is not said yet', async () => {
    line.open();
    await settle();
    line.take(CALL);
    FakeWebSocket.latest.fakeWelcome(true);
    expect(line.carries('call')).toBe(true);
    expect(FakeWebSocket.made).toHaveLength(1);
  });

  it('is left to another socket that took it up', async () => {
    const socket = await open();
    line.invite(CALL, INVITE);
    socket.fakeClose(4409);
    await settle(60_000);
    expect(line.isShut).toBe(true);
    expect(told).toEqual(['opened', 'cut']);
    expect(FakeWebSocket.made).toHaveLength(1);
  });

  it('does not pile up what nobody reads', async () => {
    const socket = await open();
    line.invite(CALL, INVITE);
    socket.bufferedAmount = 2_000_000;
    expect(line.say('call', 'too much')).toBe(false);
  });
});

describe('a line in doubt', () => {
  it('is asked whether it holds, and opened again where nothing comes', async () => {
    const first = await open();
    line.check();
    line.check();
    expect(first.types.filter(type => type === 'm.call.ping')).toHaveLength(1);
    first.fakeFrame('m.call.pong', {});
    await settle(10_000);
    expect(line.isOpen).toBe(true);
    line.check();
    await settle(2_100);
    expect(told.at(-1)).toBe('cut');
    expect(FakeWebSocket.made).toHaveLength(2);
  });

  it('is tried at once where it waited, or where its attempt is from before', async () => {
    token.fails = true;
    line.open();
    await settle(10_000);
    const asked = token.asked;
    token.fails = false;
    line.check();
    await settle();
    expect(token.asked).toBe(asked + 1);
    line.check();
    await settle();
    expect(FakeWebSocket.made).toHaveLength(1);
    await settle(1_500);
    line.check();
    await settle();
    expect(FakeWebSocket.made).toHaveLength(2);
  });
});
