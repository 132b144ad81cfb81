/** What the statistics of a connection (W3C webrtc-stats) say of each stream of media. Pure. */

/** Counters of one stream of RTP; a simulcast layer that we send is one of its own. */
export interface StreamCounters {
  /** Stays while the browser counts on. */
  id: string;
  direction: 'received' | 'sent';
  kind: 'audio' | 'video';
  mid: string | undefined;
  /** When they were read, in ms; only differences mean something. */
  at: number;
  /** On the wire, headers of RTP included. */
  bytes: number;
  packets: number;
  /** Packets that did not arrive; of what we send as the other end tells, `undefined` until it does. May fall: late ones count. */
  lost: number | undefined;
  /** px, and frames a second; `undefined` where no picture came, or went. */
  width: number | undefined;
  height: number | undefined;
  framesPerSecond: number | undefined;
  /** Of a simulcast layer that we send. */
  rid: string | undefined;
  /** Whether it is sent at all: the focus pauses layers that nobody watches. */
  active: boolean;
  /** What keeps the encoder from more: the processor or the network. */
  limitedBy: 'cpu' | 'bandwidth' | undefined;
  /** Id of the captured track, where the browser says so. */
  capturedTrackId: string | undefined;
}

/** All that is read of one report. */
export interface StatisticsSample {
  streams: StreamCounters[];
  /** Way to the focus and back, in ms. */
  roundTripMs: number | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a report (`RTCStatsReport.values()`); what it does not know it passes over. */
export function readStatistics(report: Iterable<unknown>): StatisticsSample {
  const byId = new Map<string, Fields>();
  for (const entry of report) {
    const fields = fieldsOf(entry);
    if (typeof fields['id'] === 'string') byId.set(fields['id'], fields);
  }
  const streams = [...byId].flatMap(([id, fields]) => {
    const { kind } = fields;
    if (kind !== 'audio' && kind !== 'video') return [];
    if (fields['type'] === 'inbound-rtp') return [received(id, kind, fields)];
    return fields['type'] === 'outbound-rtp' ? [sent(id, kind, fields, byId)] : [];
  });
  return { streams, roundTripMs: roundTripOf(byId) };
}

function received(id: string, kind: 'audio' | 'video', fields: Fields): StreamCounters {
  return {
    ...common(id, kind, fields),
    direction: 'received',
    bytes: count(fields, 'bytesReceived') + count(fields, 'headerBytesReceived'),
    packets: count(fields, 'packetsReceived'),
    lost: numberIn(fields, 'packetsLost'),
    rid: undefined,
    active: true,
    limitedBy: undefined,
    capturedTrackId: undefined,
  };
}

function sent(id: string, kind: 'audio' | 'video', fields: Fields, byId: ReadonlyMap<string, Fields>): StreamCounters {
  const told = [...byId.values()].find(other => other['type'] === 'remote-inbound-rtp' && other['localId'] === id);
  const source = byId.get(textIn(fields, 'mediaSourceId') ?? '');
  const limit = fields['qualityLimitationReason'];
  return {
    ...common(id, kind, fields),
    direction: 'sent',
    bytes: count(fields, 'bytesSent') + count(fields, 'headerBytesSent'),
    packets: count(fields, 'packetsSent'),
    lost: told === undefined ? undefined : numberIn(told, 'packetsLost'),
    rid: textIn(fields, 'rid'),
    active: fields['active'] !== false,
    limitedBy: limit === 'cpu' || limit === 'bandwidth' ? limit : undefined,
    capturedTrackId: source === undefined ? undefined : textIn(source, 'trackIdentifier'),
  };
}

type Common = 'id' | 'kind' | 'mid' | 'at' | 'width' | 'height' | 'framesPerSecond';

function common(id: string, kind: 'audio' | 'video', fields: Fields): Pick<StreamCounters, Common> {
  return {
    id,
    kind,
    mid: textIn(fields, 'mid'),
    at: count(fields, 'timestamp'),
    width: numberIn(fields, 'frameWidth'),
    height: numberIn(fields, 'frameHeight'),
    framesPerSecond: numberIn(fields, 'framesPerSecond'),
  };
}

/** Of the path in use; of what the focus reports where the browser does not measure paths. */
function roundTripOf(byId: ReadonlyMap<string, Fields>): number | undefined {
  const all = [...byId.values()];
  const ofType = (type: string): Fields[] => all.filter(fields => fields['type'] === type);
  const selected = ofType('transport').flatMap(transport => {
    const pair = byId.get(textIn(transport, 'selectedCandidatePairId') ?? '');
    return pair === undefined ? [] : [pair];
  });
  // Firefox has no transport, and marks the pair.
  const marked = ofType('candidate-pair').filter(({ selected: isSelected }) => isSelected === true);
  const ofPath = [...selected, ...marked].flatMap(pair => numberIn(pair, 'currentRoundTripTime') ?? []);
  const reported = ofType('remote-inbound-rtp').flatMap(told => numberIn(told, 'roundTripTime') ?? []);
  const seconds = ofPath[0] ?? (reported.length === 0 ? undefined : Math.max(...reported));
  return seconds === undefined ? undefined : seconds * 1_000;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function numberIn(fields: Fields, key: string): number | undefined {
  const value = fields[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function count(fields: Fields, key: string): number {
  return numberIn(fields, key) ?? 0;
}

function textIn(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
