/** The messages that open a data channel (RFC 8832), and what marks each message of SCTP (RFC 8831 section 8). */

/** SCTP payload protocol identifiers. */
export const PPID = { dcep: 50, text: 51, binary: 53, emptyText: 56, emptyBinary: 57 } as const;

const OPEN = 3;
const ACK = 2;
const HEADER_BYTES = 12;
/** Priority that browsers give a channel: low. */
const PRIORITY = 256;
const UNORDERED = 0x80;
const RELIABILITY = { reliable: 0, retransmissions: 1 } as const;
/** Both limits of reliability, by number and by time. */
const LIMITED = 0x03;

export const DCEP_ACK = Buffer.from([ACK]);

/** A channel as its opener wants it. */
export interface ChannelOpen {
  label: string;
  protocol: string;
  ordered: boolean;
  /** False: messages may be lost. */
  reliable: boolean;
}

export function isOpen(message: Buffer): boolean {
  return message[0] === OPEN;
}

export function isAck(message: Buffer): boolean {
  return message[0] === ACK;
}

/** Reads DATA_CHANNEL_OPEN (RFC 8832 section 5.1); `undefined` for whatever is none. */
export function readOpen(message: Buffer): ChannelOpen | undefined {
  if (message.length < HEADER_BYTES || !isOpen(message)) return undefined;
  const type = message.readUInt8(1);
  const protocolAt = HEADER_BYTES + message.readUInt16BE(8);
  const end = protocolAt + message.readUInt16BE(10);
  if (end > message.length) return undefined;
  return {
    label: message.toString('utf8', HEADER_BYTES, protocolAt),
    protocol: message.toString('utf8', protocolAt, end),
    ordered: (type & UNORDERED) === 0,
    reliable: (type & LIMITED) === 0,
  };
}

export function writeOpen({ label, protocol, ordered, reliable }: ChannelOpen): Buffer {
  const [labelBytes, protocolBytes] = [Buffer.from(label), Buffer.from(protocol)];
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = OPEN;
  header[1] = (ordered ? 0 : UNORDERED) | (reliable ? RELIABILITY.reliable : RELIABILITY.retransmissions);
  header.writeUInt16BE(PRIORITY, 2);
  // Retransmissions of a lossy channel: none.
  header.writeUInt32BE(0, 4);
  header.writeUInt16BE(labelBytes.length, 8);
  header.writeUInt16BE(protocolBytes.length, 10);
  return Buffer.concat([header, labelBytes, protocolBytes]);
}
