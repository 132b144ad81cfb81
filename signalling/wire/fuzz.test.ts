/**
 * Whatever arrives, every parser gives a Parsed and throws nothing; what it accepts is written and read again as the same.
 * Three sources: any JSON; the recorded messages, mutated; deep, huge and oddly named values.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CAPTURE_NAMES, type RawObject, readCapture } from '../../test/fixtures/captures.ts';
import { parseControl, writeControl } from './control.ts';
import { readStreamMetadata } from './description.ts';
import { WeirError } from './errors.ts';
import type { Parsed } from './parse.ts';
import { parseCallMemberState, parseCallState } from './room-state.ts';
import { addressOf, type ClientToDevice, parseFocusToDevice, parseToDevice } from './to-device.ts';

const SEED = 3401;
function holds<T>(arbitrary: fc.Arbitrary<T>, numRuns: number, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed: SEED, numRuns });
}

const captures = CAPTURE_NAMES.map(readCapture);
const recorded = {
  client: captures.flatMap(capture => capture.toDevice.filter(event => event.dir === 'out')),
  focus: captures.flatMap(capture => capture.toDevice.filter(event => event.dir === 'in')),
  control: captures.flatMap(capture => capture.control),
  states: captures.flatMap(capture => capture.states),
};

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

/** JSON texts of single values that code tends to stumble over. */
const HOSTILE_VALUES = [
  'null',
  'true',
  '0',
  '-1',
  '1e308',
  '0.5',
  '""',
  '"__proto__"',
  '[]',
  '{}',
  '[null]',
  '{"":{}}',
  '"\\u0000"',
  '"\\ud800"',
  '{"__proto__":{"purpose":"x"}}',
  '{"constructor":{"prototype":{"purpose":"x"}}}',
  '{"toString":1,"valueOf":2,"hasOwnProperty":3}',
  '{"length":1e9}',
  `"${'x'.repeat(70_000)}"`,
  `{"${'k'.repeat(70_000)}":{}}`,
  nested(50_000),
  `[${Array.from({ length: 3_000 }, () => '{}').join()}]`,
];
const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '0',
  'length',
  'k'.repeat(70_000),
];

type Path = readonly string[];

/** Paths of every value inside `value`, down to a depth that recorded messages have. */
function pathsOf(value: unknown, depth = 8): Path[] {
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [key],
    ...pathsOf(inner, depth - 1).map(path => [key, ...path]),
  ]);
}

type Mutation = { kind: 'replace' | 'delete' | 'rename' | 'add'; at: number; key: string; value: string };

/** A copy of `value` with one value replaced, removed, renamed or added. Own keys only: `__proto__` is a key like another. */
function mutated(value: unknown, { kind, at, key, value: text }: Mutation): unknown {
  const paths = pathsOf(value);
  const path = paths[at % Math.max(1, paths.length)] ?? [];
  const visit = (node: unknown, rest: Path): unknown => {
    const [head, ...tail] = rest;
    if (head === undefined || typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).flatMap(([own, inner]): [string, unknown][] => {
      if (own !== head) return [[own, inner]];
      if (tail.length > 0) return [[own, visit(inner, tail)]];
      switch (kind) {
        case 'replace':
          return [[own, JSON.parse(text)]];
        case 'delete':
          return [];
        case 'rename':
          return [[key, inner]];
        case 'add':
          return [
            [own, inner],
            [key, JSON.parse(text)],
          ];
      }
    });
    return Array.isArray(node) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
  };
  return visit(value, path);
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('replace', 'delete', 'rename', 'add'),
  at: fc.nat(10_000),
  key: fc.oneof(fc.constantFrom(...HOSTILE_KEYS), fc.string({ maxLength: 12 })),
  value: fc.oneof(fc.constantFrom(...HOSTILE_VALUES), fc.json({ maxDepth: 3 })),
});
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

const hostileValue = fc.constantFrom(...HOSTILE_VALUES).map((text): unknown => JSON.parse(text));
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  hostileValue,
  fc.dictionary(
    fc.oneof(fc.constantFrom(...HOSTILE_KEYS), fc.string()),
    fc.oneof(fc.jsonValue({ maxDepth: 3 }), hostileValue),
  ),
);

/** Any mutation of one of the recorded contents, with the message it was made of. */
function broken<T extends { content: RawObject }>(messages: readonly T[]): fc.Arbitrary<T & { broken: unknown }> {
  return fc
    .tuple(fc.constantFrom(...messages), mutations)
    .map(([message, list]) => ({ ...message, broken: list.reduce<unknown>(mutated, message.content) }));
}

const seen = { ok: 0, bad: 0 };

function isParsed(parsed: Parsed<unknown>): void {
  seen[parsed.kind] += 1;
  if (parsed.kind === 'ok') return;
  expect(parsed.error).toBeInstanceOf(WeirError);
  expect(parsed.error.code).toBe('WEIR_BAD_MESSAGE');
  // It is logged and sent back.
  expect(parsed.error.message.length).toBeLessThan(1_000);
}

/** The content that says what was read; the client's own writer stands in the client. */
function contentOf(message: ClientToDevice): [type: string, content: unknown] {
  const { deviceId, sessionId, callId, confId } = message.from;
  const common = { call_id: callId, conf_id: confId, device_id: deviceId, sender_session_id: sessionId };
  switch (message.kind) {
    case 'invite':
      return [
        'm.call.invite',
        {
          ...common,
          lifetime: message.lifetimeMs,
          offer: { type: 'offer', sdp: message.sdp },
          sdp_stream_metadata: message.metadata,
          'org.weir.room_id': message.roomId,
        },
      ];
    case 'negotiate':
      return [
        'm.call.negotiate',
        { ...common, description: message.description, sdp_stream_metadata: message.metadata },
      ];
    case 'answer':
      return ['m.call.answer', { ...common, answer: { type: 'answer', sdp: message.sdp } }];
    case 'metadata_changed':
      return ['m.call.sdp_stream_metadata_changed', { ...common, sdp_stream_metadata: message.metadata }];
    case 'hangup':
      return ['m.call.hangup', { ...common, reason: message.reason }];
    case 'candidates':
    case 'select_answer':
      return [`m.call.${message.kind}`, common];
  }
}

function clientMessage(type: string, content: unknown): void {
  const parsed = parseToDevice(type, '@alice:x', content);
  if (parsed === undefined) return;
  isParsed(parsed);
  if (parsed.kind === 'bad') return;
  const [writtenType, written] = contentOf(parsed.value);
  expect(parseToDevice(writtenType, '@alice:x', JSON.parse(JSON.stringify(written)))).toEqual(parsed);
}

function focusMessage(type: string, content: unknown): void {
  const parsed = parseFocusToDevice(type, content);
  if (parsed === undefined) return;
  isParsed(parsed);
  if (parsed.kind === 'ok') JSON.stringify(parsed.value);
}

function controlMessage(text: string): void {
  const parsed = parseControl(text);
  isParsed(parsed);
  if (parsed.kind === 'ok') expect(parseControl(writeControl(parsed.value))).toEqual(parsed);
}

function memberState(stateKey: string, sender: string, content: unknown): void {
  const parsed = parseCallMemberState(stateKey, sender, content);
  isParsed(parsed);
  if (parsed.kind === 'bad' || parsed.value.kind === 'matrixrtc') return;
  expect(stateKey).toBe(sender);
  for (const device of parsed.value.devices) expect(device.deviceId.length).toBeGreaterThan(0);
  JSON.stringify(parsed.value);
}

function metadata(content: unknown): void {
  const parsed = readStreamMetadata(content);
  isParsed(parsed);
  if (parsed.kind === 'ok') expect(readStreamMetadata(JSON.parse(JSON.stringify(parsed.value)))).toEqual(parsed);
}

const types = fc.oneof(
  fc.constantFrom(
    'm.call.invite',
    'm.call.negotiate',
    'm.call.answer',
    'm.call.candidates',
    'm.call.select_answer',
    'm.call.hangup',
    'm.call.sdp_stream_metadata_changed',
    'org.matrix.call.sdp_stream_metadata_changed',
    'm.call.',
    'm.call.__proto__',
  ),
  fc.string(),
);
const controlTypes = fc.oneof(
  fc.constantFrom(
    'm.call.track_subscription',
    'm.call.negotiate',
    'm.call.sdp_stream_metadata_changed',
    'm.call.ping',
    'm.call.pong',
    'org.weir.streams_changed',
    'org.weir.error',
    'org.weir.allocation',
    'org.weir.layers_wanted',
    'org.weir.layers_available',
    'org.weir.speakers',
    'org.weir.audio_levels',
    '__proto__',
    'toString',
  ),
  fc.string(),
);

describe('any JSON', () => {
  test('as a to-device message', () => {
    holds(fc.tuple(types, anyJson), 700, ([type, content]) => {
      clientMessage(type, content);
      focusMessage(type, content);
      addressOf('@alice:x', content);
    });
  });

  test('as a control message, and any text', () => {
    holds(fc.tuple(controlTypes, anyJson), 700, ([type, content]) => {
      // What cannot be written by us can still arrive; the deepest values are read as text below.
      let text: string;
      try {
        text = JSON.stringify({ type, content });
      } catch {
        return;
      }
      controlMessage(text);
    });
    holds(fc.oneof(fc.string(), fc.json(), fc.constantFrom(...HOSTILE_VALUES)), 700, controlMessage);
    holds(fc.tuple(controlTypes, fc.constantFrom(...HOSTILE_VALUES)), 500, ([type, text]) => {
      controlMessage(`{"type":${JSON.stringify(type)},"content":${text}}`);
      controlMessage(`{"type":${JSON.stringify(type)},"content":{"subscribe":${text},"description":${text}}}`);
      controlMessage(`{"type":${JSON.stringify(type)},"content":{"org.weir.auto":${text},"org.weir.tell":${text}}}`);
      controlMessage(
        `{"type":${JSON.stringify(type)},"content":{"tracks":${text},"latest":${text},"levels":${text},"state":"STABLE"}}`,
      );
      controlMessage(
        `{"type":${JSON.stringify(type)},"content":{"sdp_stream_metadata":{"st":{"purpose":"p","x":${text}}}}}`,
      );
      controlMessage(`{"type":${JSON.stringify(type)},"content":{"changed":${text},"gone":["st"]}}`);
      controlMessage(`{"type":${JSON.stringify(type)},"content":{"changed":{},"gone":${text}}}`);
    });
  });

  test('as room state and as stream metadata', () => {
    holds(fc.tuple(fc.string(), fc.string(), anyJson), 700, ([stateKey, sender, content]) => {
      isParsed(parseCallState(stateKey, content));
      memberState(stateKey, sender, content);
      memberState(sender, sender, content);
      metadata(content);
    });
  });
});

describe('recorded messages, mutated', () => {
  test('to-device, of clients and of the focus', () => {
    holds(broken(recorded.client), 700, event => clientMessage(event.type, event.broken));
    holds(broken(recorded.focus), 400, event => focusMessage(event.type, event.broken));
  });

  test('to-device, under the type of another message', () => {
    holds(fc.tuple(types, broken(recorded.client)), 700, ([type, event]) => {
      clientMessage(type, event.broken);
      focusMessage(type, event.broken);
    });
  });

  test('on the control channel', () => {
    holds(broken(recorded.control), 700, message => {
      let text: string;
      try {
        text = JSON.stringify({ type: message.type, content: message.broken });
      } catch {
        return;
      }
      controlMessage(text);
    });
  });

  test('on the control channel, cut off or with characters exchanged', () => {
    holds(
      fc.tuple(fc.constantFrom(...recorded.control), fc.nat(), fc.string({ maxLength: 3 })),
      700,
      ([{ text }, at, put]) => {
        const cut = at % text.length;
        controlMessage(text.slice(0, cut));
        controlMessage(text.slice(0, cut) + put + text.slice(cut + put.length));
      },
    );
  });

  test('room state', () => {
    holds(broken(recorded.states), 500, state => {
      isParsed(parseCallState(state.stateKey, state.broken));
      memberState(state.stateKey, state.stateKey, state.broken);
      memberState(state.stateKey, '@mallory:x', state.broken);
    });
  });
});

test('the inputs were neither all good nor all bad', () => {
  expect(Math.min(seen.ok, seen.bad) / (seen.ok + seen.bad)).toBeGreaterThan(0.1);
});

test('no mutation changed a prototype', () => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Reflect.get({}, 'purpose')).toBeUndefined();
});
