/** Both recorded calls, read with our parsers and compared with what our writers make. */
import { describe, expect, test } from 'vitest';
import {
  CAPTURE_NAMES,
  type Capture,
  type CaptureName,
  type RawObject,
  readCapture,
} from '../../test/fixtures/captures.ts';
import { type ControlMessage, parseControl, writeControl } from './control.ts';
import { WeirError } from './errors.ts';
import type { Parsed } from './parse.ts';
import { isCallEvent, isCallMemberEvent, parseCallMemberState, parseCallState } from './room-state.ts';
import {
  type ClientToDevice,
  type FocusToDevice,
  parseFocusToDevice,
  parseToDevice,
  type ToDeviceEvent,
  writeAnswer,
  writeHangup,
} from './to-device.ts';

function valueOf<T>(parsed: Parsed<T> | undefined): T {
  if (parsed === undefined) throw new Error('the type is none of a call');
  if (parsed.kind === 'bad') throw parsed.error;
  return parsed.value;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

const captures = new Map<CaptureName, Capture>(CAPTURE_NAMES.map(name => [name, readCapture(name)]));
function capture(name: CaptureName): Capture {
  const found = captures.get(name);
  if (found === undefined) throw new Error(`no capture ${name}`);
  return found;
}

function read(...path: string[]): (content: RawObject) => unknown {
  return content =>
    path.reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
      content,
    );
}

describe.each(CAPTURE_NAMES)('recorded call %s', name => {
  const { toDevice, control, states } = capture(name);
  const said = toDevice.filter(event => event.dir === 'out');
  const heard = toDevice.filter(event => event.dir === 'in');

  test('every to-device message of the clients is read, none as another kind', () => {
    const kinds = countBy(said, event => valueOf(parseToDevice(event.type, event.user, event.content)).kind);
    const types = countBy(said, event => event.type.replace('m.call.', ''));
    expect(kinds).toEqual(types);
    expect(types).toEqual(
      name === 'js-sdk-3-party'
        ? { invite: 3, candidates: 5, select_answer: 3, hangup: 1 }
        : { invite: 2, candidates: 4, select_answer: 2 },
    );
  });

  test('the values of the clients arrive as they were sent', () => {
    for (const event of said) {
      const { content } = event;
      const message: ClientToDevice = valueOf(parseToDevice(event.type, event.user, content));
      expect(message.from).toEqual({
        sender: event.user,
        deviceId: content['device_id'],
        sessionId: content['sender_session_id'],
        callId: content['call_id'],
        confId: content['conf_id'],
      });
      if (message.kind === 'invite') {
        expect(message.sdp).toBe(read('offer', 'sdp')(content));
        expect(message.metadata).toEqual(content['org.matrix.msc3077.sdp_stream_metadata']);
        expect(message.lifetimeMs).toBe(60_000);
        expect(message).not.toHaveProperty('roomId');
      }
      if (message.kind === 'hangup') expect(message.reason).toBe('user_hangup');
    }
  });

  test('every to-device message of the recorded focus is read as a client reads it', () => {
    const messages: FocusToDevice[] = heard.map(event => valueOf(parseFocusToDevice(event.type, event.content)));
    expect(countBy(messages, message => message.kind)).toEqual(
      name === 'js-sdk-3-party' ? { hangup: 2, answer: 3, candidates: 9 } : { hangup: 2, answer: 2, candidates: 6 },
    );
    for (const [index, message] of messages.entries()) {
      const content = heard[index]?.content ?? {};
      expect(message.callId).toBe(content['call_id']);
      expect(message.destSessionId).toBe(content['dest_session_id']);
      if (message.kind === 'answer') expect(message.sdp).toBe(read('answer', 'sdp')(content));
      if (message.kind === 'hangup') expect(message.reason).toBe(content['reason']);
      if (message.kind === 'candidates') expect(message.candidates).toEqual(content['candidates']);
    }
  });

  test('every control message of both ends is read', () => {
    const kinds = (dir: 'in' | 'out') =>
      countBy(
        control.filter(message => message.dir === dir),
        message => valueOf(parseControl(message.text)).kind,
      );
    if (name === 'js-sdk-3-party') {
      expect(kinds('out')).toEqual({ subscription: 32, negotiate: 21, pong: 6, metadata_changed: 3 });
      expect(kinds('in')).toEqual({ negotiate: 21, metadata_changed: 34, ping: 6 });
    } else {
      expect(kinds('out')).toEqual({ subscription: 18, negotiate: 9, pong: 2 });
      expect(kinds('in')).toEqual({ negotiate: 9, metadata_changed: 15, ping: 2 });
    }
  });

  test('every control message is written again as it was recorded', () => {
    for (const recorded of control) {
      const message: ControlMessage = valueOf(parseControl(recorded.text));
      expect(JSON.parse(writeControl(message))).toEqual(JSON.parse(recorded.text));
    }
  });

  test('every state event of the clients is read', () => {
    let devices = 0;
    let foci = 0;
    for (const { type, stateKey, content, who } of states) {
      if (isCallEvent(type)) {
        expect(valueOf(parseCallState(stateKey, content))).toEqual({ confId: stateKey, terminated: undefined });
        continue;
      }
      expect(isCallMemberEvent(type)).toBe(true);
      const state = valueOf(parseCallMemberState(stateKey, `@${who}:localhost:8008`, content));
      if (state.kind !== 'msc3401') throw new Error('read as MatrixRTC');
      expect(state.userId).toBe(stateKey);
      for (const device of state.devices) {
        devices += 1;
        foci += device.foci.active.length;
        expect(device.deviceId).toBe(`${who.toUpperCase()}DEV`);
        expect(device.expiresTs).toBeGreaterThan(1_700_000_000_000);
        expect(device.foci.active).toEqual([{ userId: '@focus:localhost:8008', deviceId: 'FOCUSDEV' }]);
      }
    }
    expect({ devices, foci }).toEqual(name === 'js-sdk-3-party' ? { devices: 5, foci: 5 } : { devices: 10, foci: 10 });
  });

  test('our answers and hangups have the keys of the recorded focus', () => {
    const focus = { userId: '@focus:localhost:8008', deviceId: 'FOCUSDEV' };
    const to = { userId: '@alice:localhost:8008', deviceId: 'ALICEDEV', sessionId: 's', callId: 'c', confId: 'f' };
    const written: ToDeviceEvent[] = [
      writeAnswer(focus, to, { sdp: 'v=0\r\n', metadata: {}, earlyOffer: undefined }),
      writeHangup(focus, to, new WeirError('WEIR_KEEP_ALIVE', 'not heard for 38 s')),
    ];
    // What ours says beyond the recorded one; docs/protocol.md has both.
    const ours: Record<string, string[]> = { 'm.call.answer': [], 'm.call.hangup': ['org.weir.error'] };
    for (const { type, content } of written) {
      const theirs = heard.find(event => event.type === type);
      if (theirs === undefined) throw new Error(`the recording has no ${type}`);
      expect(Object.keys(content).toSorted()).toEqual(
        [...Object.keys(theirs.content), ...(ours[type] ?? [])].toSorted(),
      );
      for (const key of ['party_id', 'version', 'device_id', 'sender_session_id']) {
        expect(content[key]).toBe(theirs.content[key]);
      }
      const parsed = valueOf(parseFocusToDevice(type, JSON.parse(JSON.stringify(content))));
      expect(parsed).toMatchObject({ callId: 'c', destSessionId: 's' });
    }
    expect(Object.keys(read('answer')(written[0]?.content ?? {}) as object).toSorted()).toEqual(['sdp', 'type']);
  });
});

test('the stream metadata of the recorded calls keeps width and height', () => {
  const sizes = capture('js-sdk-3-party')
    .toDevice.filter(event => event.type === 'm.call.invite')
    .map(event => valueOf(parseToDevice(event.type, event.user, event.content)))
    .flatMap(message => (message.kind === 'invite' ? Object.values(message.metadata) : []))
    .flatMap(stream => Object.values(stream.tracks ?? {}))
    .filter(track => track.kind === 'video');
  expect(sizes).toEqual(Array.from({ length: 3 }, () => ({ kind: 'video', width: 640, height: 360 })));
});
