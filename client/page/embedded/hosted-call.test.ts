/** A host, and a page that shows a call: what they tell each other. */
import { EventEmitter } from 'node:events';
import { type Signal, signal } from '@preact/signals';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CallState } from '../../kit/index.ts';
import { HostActions } from './host-actions.ts';
import { type HostedPage, serveHost } from './hosted-call.ts';

class FakeApi extends EventEmitter {
  readonly sent: [string, unknown][] = [];
  readonly replies: unknown[] = [];
  readonly transport = {
    send: async (action: string, data: unknown): Promise<object> => {
      this.sent.push([action, data]);
      throw new Error('unknown action');
    },
    reply: (_request: unknown, data: unknown): void => {
      this.replies.push(data);
    },
  };

  /** Resolves to whether the page took it. */
  fakeAction(action: string, data: object = {}): boolean {
    const event = Object.assign(new Event(action, { cancelable: true }), { detail: { action, data } });
    this.emit(`action:${action}`, event);
    return event.defaultPrevented;
  }

  fakeTold(action: string): unknown[] {
    return this.sent.filter(([name]) => name === action).map(([, data]) => data);
  }
}

let api: FakeApi;
let did: string[];
let page: HostedPage;
let capture: { audioMuted: boolean; videoMuted: boolean };
let state: Signal<CallState>;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  api = new FakeApi();
  did = [];
  state = signal({ kind: 'idle' });
  capture = { audioMuted: true, videoMuted: false };
  page = {
    media: {
      capture,
      changes: signal(0),
      toggleMicrophone: () => {
        capture.audioMuted = !capture.audioMuted;
      },
      toggleCamera: () => {
        capture.videoMuted = !capture.videoMuted;
      },
    },
    get inCall() {
      return state.value.kind === 'connected';
    },
    join: () => did.push('join'),
    leave: () => did.push('leave'),
  };
  stop = serveHost(new HostActions(api), page, state);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

const CONNECTED = { kind: 'connected' } as CallState;

it('tells the host that we joined and left, once each, whatever it answers', () => {
  state.value = CONNECTED;
  state.value = { kind: 'reconnecting' } as CallState;
  state.value = { ...CONNECTED };
  expect(api.fakeTold('io.element.join')).toHaveLength(1);
  state.value = { kind: 'left' };
  expect(api.fakeTold('im.vector.hangup'), 'our goodbyes go first').toEqual([]);
  vi.runAllTimers();
  expect(api.fakeTold('im.vector.hangup')).toHaveLength(1);
});

it('says nothing of a call that we never were in', () => {
  state.value = { kind: 'left' };
  vi.runAllTimers();
  expect(api.fakeTold('im.vector.hangup')).toEqual([]);
});

it('joins and leaves as the host asks, and joins no second time', () => {
  expect(api.fakeAction('io.element.join')).toBe(true);
  state.value = CONNECTED;
  api.fakeAction('io.element.join');
  api.fakeAction('im.vector.hangup');
  expect(did).toEqual(['join', 'leave']);
  expect(api.replies).toEqual([{}, {}, {}]);
});

it('switches microphone and camera as asked, and says how they are', () => {
  api.fakeAction('io.element.device_mute', { audio_enabled: true, video_enabled: true });
  api.fakeAction('io.element.device_mute', { audio_enabled: 'no', video_enabled: false });
  api.fakeAction('io.element.device_mute', {});
  expect(api.replies).toEqual([
    { audio_enabled: true, video_enabled: true },
    { audio_enabled: true, video_enabled: false },
    { audio_enabled: true, video_enabled: false },
  ]);
  page.media.changes.value += 1;
  page.media.changes.value += 1;
  expect(api.fakeTold('io.element.device_mute')).toEqual([
    { audio_enabled: false, video_enabled: true },
    { audio_enabled: true, video_enabled: false },
  ]);
});

it('hears nothing once it has ended', () => {
  stop();
  expect(api.fakeAction('io.element.join')).toBe(false);
  expect(did).toEqual([]);
});
