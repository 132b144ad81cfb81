import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoffMs } from './backoff.ts';
import { cameraEncodings, screenEncodings } from './encodings.ts';
import { videoBitrate } from './wire.ts';
import { SpeakingHold } from './levels.ts';
import {
  CONNECT_TIMEOUT_MS,
  type PathEvents,
  PathWatch,
  RESTART_EVERY_MS,
  RESTART_TIMEOUT_MS,
  SILENCE_MS,
} from './path-watch.ts';
import { problem, problemOfCapture, problemOfFocus } from './problems.ts';
import { answerTimeoutMs, type JoinHistory, judge, NO_HISTORY } from './recovery.ts';
import { homeserverUrlOf, serverOf } from './sign-in.ts';
import { ERRORS } from './wire.ts';

describe('back-off', () => {
  it('starts at once and doubles up to its bound', () => {
    expect([0, 1, 2, 3, 4, 5, 20].map(failures => backoffMs(failures, 0.5))).toEqual([
      0, 200, 500, 1_000, 2_000, 4_000, 8_000,
    ]);
  });

  it('strays by a quarter', () => {
    expect(backoffMs(4, 0)).toBe(1_500);
    expect(backoffMs(4, 0.9999)).toBeCloseTo(2_500, -1);
  });
});

describe('encodings', () => {
  it('list the highest layer first', () => {
    const layers = cameraEncodings({ width: 1280, height: 720, frameRate: 30 });
    expect(layers.map(({ rid }) => rid)).toEqual(['f', 'h', 'q']);
    expect(layers.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual([undefined, 2, 4]);
    expect(layers[0]?.maxBitrate).toBe(1_700_000);
    const bitrates = layers.map(({ maxBitrate = 0 }) => maxBitrate);
    expect(bitrates).toEqual(bitrates.toSorted((a, b) => b - a));
    expect(screenEncodings({ width: 1920, height: 1080, frameRate: 15 })[2]?.scaleResolutionDownBy).toBe(3);
  });

  it('stay within bounds for any size', () => {
    expect(videoBitrate(1, 1)).toBe(60_000);
    expect(videoBitrate(8_000, 8_000)).toBe(4_000_000);
    expect(videoBitrate(640, 360)).toBeGreaterThan(400_000);
  });
});

describe('after a loss', () => {
  const after = (failures: number): JoinHistory => ({ failures, refusals: 0 });
  const error = (code: string): { code: string; message: string } => ({ code, message: 'm' });

  it('a session that held is followed at once by another', () => {
    const verdict = judge({ kind: 'path', why: 'disconnected' }, after(7), 60_000, 0.5);
    expect(verdict).toMatchObject({ kind: 'again', afterMs: 0, history: { failures: 1, refusals: 0 } });
  });

  it('sessions that do not hold are followed later and later', () => {
    const waits = [0, 1, 2, 3].map(failures => judge({ kind: 'negotiation', why: 'w' }, after(failures), 100, 0.5));
    expect(waits.map(verdict => (verdict.kind === 'again' ? verdict.afterMs : -1))).toEqual([0, 200, 500, 1_000]);
  });

  it('an unanswered invite is soon followed by another, however many there were', () => {
    expect(judge({ kind: 'unanswered' }, after(30), 0, 0.5)).toMatchObject({ kind: 'again', afterMs: 1_000 });
    expect(answerTimeoutMs(after(0))).toBe(3_000);
    expect(answerTimeoutMs(after(50))).toBe(8_000);
  });

  it('a focus that is full is not asked again before the time that it named, nor by all at once after it', () => {
    const full = { ...error('WEIR_OVERLOADED'), retry_after_ms: 10_000 };
    const verdicts = [0, 0.5, 0.99].map(random =>
      judge({ kind: 'hangup', reason: 'unknown_error', error: full }, after(0), 0, random),
    );
    expect(verdicts.map(verdict => (verdict.kind === 'again' ? verdict.afterMs : -1))).toEqual([
      10_000, 12_500, 14_950,
    ]);
    expect(verdicts[1]).toMatchObject({
      problem: {
        code: 'FOCUS_FULL',
        detail: 'm',
        remedy: 'This page asks again in about 13 s. Calls that run go on.',
      },
    });
  });

  it('a focus that is full, however often, is asked again; one that names no time as after any loss, one that lies within minutes', () => {
    const waitFor = (failures: number, retryAfterMs?: number): number => {
      const full = {
        ...error('WEIR_OVERLOADED'),
        ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
      };
      const verdict = judge({ kind: 'hangup', reason: 'unknown_error', error: full }, { failures, refusals: 99 }, 0, 0);
      return verdict.kind === 'again' ? verdict.afterMs : -1;
    };
    expect([waitFor(0), waitFor(3), waitFor(9, 0), waitFor(0, 86_400_000)]).toEqual([0, 750, 6_000, 300_000]);
  });

  it('only an end that is meant is one', () => {
    const hangup = (reason: string, code?: string): string =>
      judge({ kind: 'hangup', reason, error: code === undefined ? undefined : error(code) }, NO_HISTORY, 0, 0.5).kind;
    expect(hangup('user_hangup')).toBe('end');
    expect(hangup('new_session')).toBe('end');
    expect(hangup('user_hangup', 'WEIR_CALL_ENDED')).toBe('end');
    expect(hangup('new_session', 'WEIR_REPLACED')).toBe('end');
    for (const code of ['WEIR_FOCUS_RESTARTED', 'WEIR_KEEP_ALIVE', 'WEIR_WORKER_DIED', 'WEIR_SOMETHING_NEW']) {
      expect(hangup('unknown_error', code)).toBe('again');
    }
    expect(hangup('keep_alive_timeout')).toBe('again');
  });

  it('a refusal is believed after some tries', () => {
    const refused = (code: string, refusals: number, upForMs = 0): string =>
      judge({ kind: 'hangup', reason: 'unknown_error', error: error(code) }, { failures: 9, refusals }, upForMs, 0.5)
        .kind;
    expect(refused('WEIR_NOT_JOINED', 5)).toBe('again');
    expect(refused('WEIR_NOT_JOINED', 6)).toBe('end');
    expect(refused('WEIR_BAD_SDP', 1)).toBe('again');
    expect(refused('WEIR_BAD_SDP', 2)).toBe('end');
    expect(refused('WEIR_BAD_SDP', 2, 10)).toBe('again');
  });

  it('a refused token ends it, an unreachable homeserver does not', () => {
    const signalling = (code: 'TOKEN_REFUSED' | 'HOMESERVER_UNREACHABLE'): string =>
      judge({ kind: 'signalling', problem: problem(code) }, NO_HISTORY, 0, 0.5).kind;
    expect(signalling('TOKEN_REFUSED')).toBe('end');
    expect(signalling('HOMESERVER_UNREACHABLE')).toBe('again');
  });
});

describe('words for problems', () => {
  it('say what to do for every code of a focus', () => {
    for (const code of Object.keys(ERRORS)) {
      const said = problemOfFocus({ code, message: 'm' });
      expect(said.title).not.toBe('');
      expect(said.remedy).not.toBe('');
    }
  });

  it('keep the remedy of a focus that we do not know', () => {
    const said = problemOfFocus({ code: 'OTHER', message: 'full', remedy: 'Come later.' });
    expect(said).toMatchObject({ code: 'FOCUS_REFUSED', detail: 'full (OTHER)', remedy: 'Come later.' });
  });

  it('tell a refused camera from a missing and a busy one', () => {
    const codes = ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'TypeError'].map(
      name => problemOfCapture(new DOMException('', name), 'Camera').code,
    );
    expect(codes).toEqual(['CAPTURE_DENIED', 'CAPTURE_MISSING', 'CAPTURE_BUSY', 'UNEXPECTED']);
  });
});

describe('the path watch', () => {
  let told: string[];
  let watch: PathWatch;
  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    const events: PathEvents = {
      trouble: () => told.push('trouble'),
      restartIce: () => told.push('restart'),
      askFocus: () => told.push('ask'),
      up: () => told.push('up'),
      lost: why => told.push(why),
    };
    watch = new PathWatch(events);
  });
  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  it('gives up a path that never comes up', () => {
    watch.answered();
    watch.connection('connecting');
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS);
    expect(told).toEqual(['never_connected']);
  });

  it('takes a second transport that connects for no trouble', () => {
    watch.answered();
    for (const state of ['connected', 'connecting', 'connected'] as const) watch.connection(state);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['up']);
  });

  it('forgives a moment of loss', () => {
    watch.connection('connected');
    watch.connection('disconnected');
    vi.advanceTimersByTime(300);
    watch.connection('connected');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['up', 'trouble', 'up']);
  });

  it('restarts ICE, again and again, then gives up', () => {
    watch.connection('connected');
    watch.connection('disconnected');
    vi.advanceTimersByTime(1_000);
    watch.connection('failed');
    expect(told).toEqual(['up', 'trouble', 'restart']);
    vi.advanceTimersByTime(RESTART_TIMEOUT_MS - 1_001);
    expect(told.slice(2, -1).every(what => what === 'restart')).toBe(true);
    expect(told.length).toBeGreaterThan(6);
    vi.advanceTimersByTime(1);
    expect(told.at(-1)).toBe('disconnected');
    const count = told.length;
    watch.connection('connected');
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(count);
  });

  it('gives the browser time for each restart that was answered', () => {
    watch.connection('connected');
    watch.connection('failed');
    vi.advanceTimersByTime(4_000);
    watch.restarted();
    vi.advanceTimersByTime(RESTART_EVERY_MS - 1);
    expect(told).toEqual(['up', 'trouble', 'restart']);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['up', 'trouble', 'restart', 'restart']);
  });

  it('restarts ICE at once when the network is another, but not for each hint of a swarm', () => {
    watch.retry();
    watch.connection('connected');
    watch.retry();
    watch.connection('disconnected');
    watch.retry();
    vi.advanceTimersByTime(0);
    expect(told).toEqual(['up', 'trouble', 'restart']);
    watch.retry();
    watch.retry();
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['up', 'trouble', 'restart', 'restart']);
  });

  it('believes silence before the browser does, and the first packet after it', () => {
    watch.connection('connected');
    watch.flows();
    watch.quiet();
    vi.advanceTimersByTime(0);
    expect(told).toEqual(['up', 'trouble', 'restart']);
    watch.flows();
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['up', 'trouble', 'restart', 'up']);
  });

  it('does not take packets that come in for a path that leads out', () => {
    watch.connection('connected');
    watch.connection('disconnected');
    watch.flows();
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['up', 'trouble', 'restart']);
  });

  it('lets the focus be silent while the path is broken', () => {
    watch.connection('connected');
    watch.heard();
    watch.connection('failed');
    vi.advanceTimersByTime(RESTART_TIMEOUT_MS - 1);
    watch.heard();
    watch.connection('connected');
    expect(told.at(-1)).toBe('up');
    vi.advanceTimersByTime(SILENCE_MS);
    expect(told.at(-1)).toBe('silent');
  });

  it('notices silence of the focus', () => {
    watch.connection('connected');
    watch.heard();
    vi.advanceTimersByTime(SILENCE_MS - 1);
    watch.heard();
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(told).toEqual(['up', 'ask', 'ask']);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['up', 'ask', 'ask', 'silent']);
  });
});

describe('who speaks', () => {
  it('goes on through pauses and ends after them', () => {
    const hold = new SpeakingHold();
    expect([
      ...hold.update(
        new Map([
          ['a', 0.3],
          ['b', 0.001],
        ]),
        0,
      ),
    ]).toEqual(['a']);
    expect([...hold.update(new Map([['a', 0]]), 400)]).toEqual(['a']);
    expect([...hold.update(new Map([['a', 0]]), 900)]).toEqual([]);
    hold.update(new Map([['a', 1]]), 1_000);
    expect([...hold.update(new Map(), 1_001)]).toEqual([]);
  });
});

describe('addresses', () => {
  it('of homeservers are read as people type them', () => {
    expect(homeserverUrlOf(' example.org ')).toBe('https://example.org');
    expect(homeserverUrlOf('http://localhost:8008/')).toBe('http://localhost:8008');
    expect(homeserverUrlOf('https://x.example/base/')).toBe('https://x.example/base');
    for (const nonsense of ['', 'https://', 'a b', '::']) expect(homeserverUrlOf(nonsense)).toBeUndefined();
  });

  it('of users name their server', () => {
    expect(serverOf('@ana:example.org:8448')).toBe('example.org:8448');
    expect(serverOf('ana')).toBeUndefined();
  });
});
