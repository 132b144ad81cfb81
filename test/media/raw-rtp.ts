import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** RTP packets without a peer connection, from and to plain transports on loopback. */

export const VIDEO = { ssrc: 1111, payloadType: 101 } as const;

export interface RtpPacket {
  payloadType: number;
  sequence: number;
  ssrc: number;
  payload: Buffer;
}

/** VP8, each packet a keyframe of its own, with a body of `size` bytes that tells which one it is. */
export function videoPacket(index: number, size: number): Buffer {
  const packet = Buffer.alloc(12 + 2 + size);
  packet[0] = 0x80;
  packet[1] = 0x80 | VIDEO.payloadType;
  packet.writeUInt16BE(index & 0xffff, 2);
  packet.writeUInt32BE(index * 90, 4);
  packet.writeUInt32BE(VIDEO.ssrc, 8);
  packet[12] = 0x10;
  packet.fill(bodyByte(index), 14);
  packet.writeUInt32BE(index, 14);
  return packet;
}

/** Index of a packet that arrived whole. Throws when any byte of it is another one's. */
export function videoIndex(payload: Buffer): number {
  const index = payload.readUInt32BE(2);
  if (!payload.subarray(6).every(byte => byte === bodyByte(index))) throw new Error(`packet ${index} is mixed up`);
  return index;
}

const bodyByte = (index: number): number => (index * 37 + 11) & 0xff;

function parse(packet: Buffer): RtpPacket | undefined {
  const [first = 0, second = 0] = packet;
  const payloadType = second & 0x7f;
  // RTCP.
  if (payloadType >= 64 && payloadType < 96) return undefined;
  let at = 12 + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) at += 4 + 4 * packet.readUInt16BE(at + 2);
  return { payloadType, sequence: packet.readUInt16BE(2), ssrc: packet.readUInt32BE(8), payload: packet.subarray(at) };
}

/** A socket that keeps the RTP packets that it gets. */
export class RawSocket {
  readonly packets: RtpPacket[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', message => {
      const packet = parse(message);
      if (packet !== undefined) this.packets.push(packet);
    });
  }

  static async open(ip: string): Promise<RawSocket> {
    const socket = createSocket({ type: ip.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4_000_000 });
    socket.bind(0, ip);
    await once(socket, 'listening');
    return new RawSocket(socket);
  }

  get address(): { ip: string; port: number } {
    const { address, port } = this.#socket.address();
    return { ip: address, port };
  }

  send(packet: Buffer, to: { ip: string; port: number }): void {
    this.#socket.send(packet, to.port, to.ip);
  }

  /** Asks for packets of a stream once more (generic NACK, RFC 4585 6.2.1). */
  sendNack(ssrc: number, sequences: readonly number[], to: { ip: string; port: number }): void {
    const packet = Buffer.alloc(12 + 4 * sequences.length);
    packet[0] = 0x81;
    packet[1] = 205;
    packet.writeUInt16BE(packet.length / 4 - 1, 2);
    packet.writeUInt32BE(1, 4);
    packet.writeUInt32BE(ssrc, 8);
    sequences.forEach((sequence, index) => packet.writeUInt16BE(sequence, 12 + 4 * index));
    this.send(packet, to);
  }

  close(): void {
    this.#socket.close();
  }
}
