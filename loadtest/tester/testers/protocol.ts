/** What testers on several machines say to each other: JSON text over a WebSocket, the leader first. */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ScenarioSchema } from '../scenario/schema.ts';
import { ENDPOINTS, type ShareCommand, type ShareReport, VIAS } from '../share/messages.ts';

/** Another version has another name: testers that do not understand each other do not meet (RFC 6455, section 1.9). */
export const TESTERS_PROTOCOL = 'weir-loadtest.v1';
/** Longest message, in bytes. */
export const MOST_MESSAGE_BYTES = 8 * 1_048_576;
/** More waits for a tester that does not read: it is given up. */
export const MOST_BUFFERED_BYTES = 32 * 1_048_576;

const Text = Type.String({ maxLength: 4_096 });
const Count = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Counts = Type.Record(Type.String({ maxLength: 16 }), Count);
const Times = Type.Array(Count, { maxItems: 20_000 });

const Sample = Type.Object({
  invited: Count,
  connected: Count,
  failed: Count,
  receivers: Count,
  unhappy: Type.Object({ no_first_media: Count, audio_loss: Count, video_gap: Count, no_layer: Count }),
  bytesIn: Count,
  bytesOut: Count,
  packetsIn: Count,
  packetsLost: Count,
  freezes: Count,
  framesPerSecond: Counts,
  layers: Counts,
  joinMs: Times,
  firstMediaMs: Times,
  cpuPct: Count,
  busiestThreadPct: Count,
  loopLagMs: Count,
  dropped: Count,
  machinePct: Count,
  machineSharePct: Count,
});
const report = Compile(
  Type.Union([
    Type.Object({ kind: Type.Literal('sample'), sample: Sample }),
    Type.Object({ kind: Type.Literal('trouble'), message: Text }),
  ]),
);

const Device = Type.Object({ userId: Text, deviceId: Text, accessToken: Text });
const Setup = Type.Object({
  scenario: ScenarioSchema,
  homeserver: Text,
  focus: Type.Object({ userId: Text, deviceId: Text }),
  room: Type.Object({ roomId: Text, confId: Text }),
  via: Type.Enum([...VIAS]),
  door: Type.Optional(Type.Object({ tokenUrl: Text, socketUrl: Text })),
  speaking: Type.Union([
    Type.Object({ kind: Type.Literal('tokens') }),
    Type.Object({ kind: Type.Literal('appservice'), asToken: Text }),
  ]),
  memberEvents: Type.Boolean(),
  endpoint: Type.Enum([...ENDPOINTS]),
  bindAddress: Text,
});
const ToDevice = Type.Object({ userId: Text, deviceId: Text, type: Text, sender: Text, content: Type.Unknown() });
const command = Compile(
  Type.Union([
    Type.Object({ kind: Type.Literal('start'), setup: Setup }),
    Type.Object({
      kind: Type.Literal('join'),
      participants: Type.Array(Type.Object({ index: Count, device: Device }), { maxItems: 10_000 }),
    }),
    Type.Object({ kind: Type.Literal('wanted'), participants: Count }),
    Type.Object({ kind: Type.Literal('hold') }),
    Type.Object({ kind: Type.Literal('to-device'), events: Type.Array(ToDevice, { maxItems: 100_000 }) }),
    Type.Object({ kind: Type.Literal('stop') }),
  ]),
);

/** A message of the leader; `undefined` where it is none. Never throws. */
export function readCommand(text: string): ShareCommand | undefined {
  const parsed = parseJson(text);
  return command.Check(parsed) ? parsed : undefined;
}

/** A message of a tester that joined; `undefined` where it is none. Never throws. */
export function readReport(text: string): ShareReport | undefined {
  const parsed = parseJson(text);
  return report.Check(parsed) ? parsed : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
