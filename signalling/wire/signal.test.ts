import { describe, expect, it } from 'vitest';
import {
  HELLO,
  MAX_SIGNAL_FRAME_LENGTH,
  parseSignalFrame,
  parseWelcome,
  writeHello,
  writeSignalFrame,
} from './signal.ts';

describe('frames of fast signalling', () => {
  it('come back as they were written', () => {
    expect(parseSignalFrame(writeSignalFrame('m.call.invite', { call_id: 'c' }))).toEqual({
      kind: 'ok',
      value: { type: 'm.call.invite', content: { call_id: 'c' } },
    });
  });

  it('that are none, or too long, are data, not exceptions', () => {
    const long = writeSignalFrame('m.call.invite', { sdp: 'x'.repeat(MAX_SIGNAL_FRAME_LENGTH) });
    for (const text of ['', '{', 'null', '[]', '{"type":1,"content":{}}', '{"type":"m.call.invite"}', long]) {
      expect(parseSignalFrame(text).kind).toBe('bad');
    }
  });

  it('begin with a hello that may take up a session', () => {
    expect(JSON.parse(writeHello({ token: 't' }))).toEqual({ type: HELLO, content: { token: 't' } });
    expect(JSON.parse(writeHello({ token: 't', resume: { callId: 'c', sessionId: 's' } }))).toEqual({
      type: HELLO,
      content: { token: 't', resume: { call_id: 'c', sender_session_id: 's' } },
    });
  });

  it('tell whether the session was taken up', () => {
    expect(parseWelcome({ resumed: true, user_id: '@f:x', device_id: 'F' })).toEqual({
      kind: 'ok',
      value: { resumed: true, userId: '@f:x', deviceId: 'F' },
    });
    expect(parseWelcome({ resumed: 'yes', user_id: '@f:x', device_id: 'F' }).kind).toBe('bad');
  });
});
