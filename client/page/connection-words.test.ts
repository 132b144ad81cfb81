import { describe, expect, it } from 'vitest';
import { type CallState, problem } from '../kit/index.ts';
import { connectionNote, homeserverAlarm, shortWords } from './connection-words.ts';

const CONNECTED: CallState = { kind: 'connected' };
const QUIET = { signalling: 'open', homeserver: undefined } as const;
const UNREACHABLE = problem('HOMESERVER_UNREACHABLE');

function reconnecting(by: 'path' | 'session', networkGone = false): CallState {
  return { kind: 'reconnecting', by, since: 1_000, networkGone, problem: undefined };
}

describe('words for the connection', () => {
  it('tell what is tried while the call stands still, and since when', () => {
    expect(connectionNote(reconnecting('path'), QUIET)).toEqual({
      tone: 'trouble',
      text: 'Looking for another way to the call…',
      since: 1_000,
    });
    expect(connectionNote(reconnecting('session'), QUIET)?.text).toBe('Joining the call again…');
  });

  it('do not promise what cannot be tried without a network', () => {
    const note = connectionNote(reconnecting('path', true), QUIET);
    expect(note).toEqual({ tone: 'trouble', text: 'Your network is gone; the call goes on when it is back' });
    expect(shortWords(reconnecting('path', true))).toBe('No network');
  });

  it('only hint at what does not touch the call', () => {
    expect(connectionNote(CONNECTED, { ...QUIET, signalling: 'cut' })?.tone).toBe('hint');
    expect(connectionNote(CONNECTED, { ...QUIET, homeserver: UNREACHABLE })?.tone).toBe('hint');
    expect(connectionNote(CONNECTED, QUIET)).toBeUndefined();
    expect(connectionNote(CONNECTED, { ...QUIET, signalling: 'none' })).toBeUndefined();
  });

  it('alarm where the homeserver is needed, and not twice', () => {
    const cases = [
      [CONNECTED, 'open'],
      [CONNECTED, 'none'],
      [reconnecting('path'), 'open'],
    ] as const;
    const told = cases.map(([state, signalling]) => {
      const circumstances = { signalling, homeserver: UNREACHABLE };
      return [homeserverAlarm(state, circumstances)?.code, connectionNote(state, circumstances)?.tone];
    });
    expect(told).toEqual([
      [undefined, 'hint'],
      ['HOMESERVER_UNREACHABLE', undefined],
      ['HOMESERVER_UNREACHABLE', 'trouble'],
    ]);
    expect(homeserverAlarm(CONNECTED, { signalling: 'open', homeserver: problem('TOKEN_REFUSED') })?.code).toBe(
      'TOKEN_REFUSED',
    );
  });
});
