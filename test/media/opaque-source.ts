/** Frames as the focus gets them of who encrypts end to end: random bytes, behind those few that stand in the clear. */
import { randomFillSync } from 'node:crypto';
import type { MediaSource, SendPacket } from '../../loadtest/peers/media-source.ts';
import { isRtp } from '../../loadtest/peers/rtp.ts';
import { SimulcastSource } from '../../loadtest/peers/simulcast-source.ts';
import { VoiceSource } from '../../loadtest/peers/voice-source.ts';
import { clearBytes } from '../../client/sframe/clear-bytes.ts';
import { type FrameLedger, HEADER_BYTES, VOICE, vp8Descriptor } from './frame-ledger.ts';

/** Takes the packets of a source, and sends them with other bytes inside. What it sent stands in the ledger. */
export function opaqueSource(kind: 'audio' | 'video', send: SendPacket, ledger: FrameLedger): MediaSource {
  /** Payloads that may be asked for again, by ssrc and sequence number. */
  const made = new Map<string, Buffer>();
  const opaque = (packet: Buffer): void => {
    if (!isRtp(packet)) return send(packet);
    const number = `${packet.readUInt32BE(8)} ${packet.readUInt32BE(4)} ${packet.readUInt16BE(2)}`;
    const before = made.get(number);
    if (before !== undefined) return send(before);
    const sent = Buffer.from(packet);
    randomFillSync(sent, HEADER_BYTES + clearOf(kind, packet.subarray(HEADER_BYTES)));
    made.set(number, sent);
    ledger.sent(sent, kind === 'audio' ? VOICE : source.ssrcs.indexOf(packet.readUInt32BE(8)));
    send(sent);
  };
  const source: MediaSource = kind === 'audio' ? new VoiceSource(opaque) : new SimulcastSource(opaque);
  return source;
}

/** How much of a payload is as it was. */
function clearOf(kind: 'audio' | 'video', payload: Buffer): number {
  if (kind === 'audio') return 0;
  const { length, beginsFrame } = vp8Descriptor(payload);
  return length + (beginsFrame ? (clearBytes('VP8', payload.subarray(length)) ?? 0) : 0);
}
