/** docs/protocol.md shows messages as they are: each of its JSON blocks is read by the parsers. */
import { writeTrunkData, writeTrunkDataMessage } from './trunk-data.ts';
import { parseTrunkMessage } from './trunk-message.ts';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ClientToClient, parseClientToClient, writeClientToClient } from './media-keys.ts';
import { type ControlMessage, parseControl, writeControl } from './control.ts';
import { ERRORS, type ErrorCode, hangupReason } from './errors.ts';
import type { Parsed } from './parse.ts';
import { CALL_PERMISSIONS_TYPE, parseCallPermissions } from './permissions.ts';
import { isCallEvent, isCallMemberEvent, parseCallMemberState, parseCallState } from './room-state.ts';
import { type ClientToDevice, type FocusToDevice, parseFocusToDevice, parseToDevice } from './to-device.ts';
import { parseTrunkFrame, parseTrunkHello, type TrunkFrame, writeTrunkFrame, writeTrunkHello } from './trunk.ts';

const doc = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

interface Block {
  line: number;
  door: string;
  text: string;
}

const blocks: Block[] = [...doc.matchAll(/^```json ?(.*)\n([\s\S]*?)^```$/gm)].map(match => ({
  line: doc.slice(0, match.index).split('\n').length,
  door: match[1] ?? '',
  text: match[2] ?? '',
}));

function blocksOf(door: string): Block[] {
  return blocks.filter(block => block.door === door);
}

interface Message {
  type: string;
  state_key: string;
  sender: string;
  content: unknown;
}

function messageOf({ text }: Block): Message {
  return JSON.parse(text) as Message;
}

function valueOf<T>(parsed: Parsed<T> | undefined): T {
  if (parsed === undefined) throw new Error('a type that does not go through this door');
  if (parsed.kind === 'bad') throw parsed.error;
  return parsed.value;
}

const TO_DEVICE_OF_CLIENTS = [
  'invite',
  'negotiate',
  'answer',
  'candidates',
  'select_answer',
  'metadata_changed',
  'hangup',
] satisfies ClientToDevice['kind'][];
const TO_DEVICE_OF_FOCI = ['answer', 'negotiate', 'candidates', 'hangup'] satisfies FocusToDevice['kind'][];
const AMONG_CLIENTS = ['media_key', 'media_key_request'] satisfies ClientToClient['kind'][];
const ON_CONTROL = [
  'subscription',
  'negotiate',
  'metadata_changed',
  'streams_changed',
  'allocation',
  'speakers',
  'audio_levels',
  'layers_wanted',
  'layers_available',
  'floor_request',
  'floor_release',
  'floor_revoke',
  'floor',
  'floor_across',
  'data_subscription',
  'data_channels',
  'data_ended',
  'ping',
  'pong',
  'error',
] satisfies ControlMessage['kind'][];

describe('docs/protocol.md', () => {
  test('has no JSON block that is of no door', () => {
    const doors = [
      'state',
      'client-to-device',
      'focus-to-device',
      'client-to-client',
      'control',
      'trunk-hello',
      'trunk-frame',
      'trunk-data',
    ];
    expect(blocks.filter(block => !doors.includes(block.door))).toEqual([]);
    expect(blocks.length).toBeGreaterThan(20);
  });

  test('shows room state that is read', () => {
    const kinds = blocksOf('state').map(block => {
      const { type, state_key: stateKey, sender, content } = messageOf(block);
      if (isCallEvent(type)) return valueOf(parseCallState(stateKey, content)).terminated ?? 'running';
      if (type === CALL_PERMISSIONS_TYPE) {
        const permissions = valueOf(parseCallPermissions(content));
        return permissions?.floor === undefined ? Object.keys(permissions?.publish ?? {}).join(' ') : 'floor';
      }
      expect(isCallMemberEvent(type), `line ${block.line}`).toBe(true);
      return valueOf(parseCallMemberState(stateKey, sender, content)).kind;
    });
    expect(kinds).toEqual(['running', 'call_ended', 'msc3401', 'matrixrtc', 'audio video screen data', 'floor']);
  });

  test('shows every to-device message of a client', () => {
    const kinds = blocksOf('client-to-device').map(block => {
      const { type, content } = messageOf(block);
      return valueOf(parseToDevice(type, '@alice:example.org', content)).kind;
    });
    expect(new Set(kinds)).toEqual(new Set(TO_DEVICE_OF_CLIENTS));
  });

  test('shows every to-device message of a focus', () => {
    const kinds = blocksOf('focus-to-device').map(block => {
      const { type, content } = messageOf(block);
      const message = valueOf(parseFocusToDevice(type, content));
      expect(message.destSessionId).toBe('LOZFXq0fQy');
      return message.kind;
    });
    expect(new Set(kinds)).toEqual(new Set(TO_DEVICE_OF_FOCI));
  });

  test('shows what clients say to each other, as it is written', () => {
    const kinds = blocksOf('client-to-client').map(block => {
      const { type, content } = messageOf(block);
      const message = valueOf(parseClientToClient(type, content));
      expect(writeClientToClient(message), `line ${block.line}`).toEqual({ type, content });
      return message.kind;
    });
    expect(kinds).toEqual(AMONG_CLIENTS);
  });

  test('shows every control message, as it is written', () => {
    const kinds = blocksOf('control').map(block => {
      const message = valueOf(parseControl(block.text));
      expect(JSON.parse(writeControl(message)), `line ${block.line}`).toEqual(JSON.parse(block.text));
      return message.kind;
    });
    expect(new Set(kinds)).toEqual(new Set(ON_CONTROL));
  });

  test('shows the hello and every own frame of a trunk, as they are written', () => {
    for (const block of blocksOf('trunk-hello')) {
      const { type, content } = messageOf(block);
      expect(writeTrunkHello(valueOf(parseTrunkHello('@focus:example.org', content)))).toEqual({ type, content });
    }
    const kinds = blocksOf('trunk-frame').map(block => {
      const frame = valueOf(parseTrunkFrame(block.text));
      expect(JSON.parse(writeTrunkFrame(frame)), `line ${block.line}`).toEqual(JSON.parse(block.text));
      return frame.kind;
    });
    expect(kinds).toEqual(['open', 'welcome', 'ack', 'bye'] satisfies TrunkFrame['kind'][]);
    expect(blocksOf('trunk-hello')).toHaveLength(1);
  });

  test('shows application data on a trunk, as it is written', () => {
    const kinds = blocksOf('trunk-data').map(block => {
      const message = valueOf(parseTrunkMessage(block.text));
      if (message.kind !== 'trunk_data') throw new Error(`line ${block.line} is no data`);
      const written = writeTrunkData(message.messages.map(writeTrunkDataMessage));
      expect(JSON.parse(written)).toEqual(JSON.parse(block.text));
      return message.kind;
    });
    expect(kinds).toHaveLength(1);
  });

  test('names codes that there are, and each hangup under its reason', () => {
    const codes = [...doc.matchAll(/WEIR_[A-Z_]+/g)].map(([code]) => code);
    expect(codes.filter(code => !Object.hasOwn(ERRORS, code))).toEqual([]);
    const rows = [...doc.matchAll(/^\| `(\w+)` \| (`WEIR_.*?) \|/gm)];
    expect(rows.length).toBeGreaterThan(5);
    for (const [, reason, cell = ''] of rows) {
      for (const [code] of cell.matchAll(/WEIR_[A-Z_]+/g)) expect(hangupReason(code as ErrorCode), code).toBe(reason);
    }
  });

  test('links to sections that it has', () => {
    const headings = [...doc.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...doc.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link);
    expect(links.filter(link => !headings.includes(link ?? ''))).toEqual([]);
  });
});
