/** The media of a hostile focus: a UDP socket, and a key that nobody knows. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { type TrunkEnd, writeTrunkOffer } from '../../../signalling/wire/trunk-description.ts';
import { ADDRESSES } from '../lab/place.ts';

const FIRST_SSRC = 1_000;
const OPUS_PAYLOAD_TYPE = 100;
const PACKET_MS = 20;
const SAMPLES = 960;
/** A voice and its tag (RFC 7714). */
const PAYLOAD_BYTES = 80;
/** Key and salt (RFC 7714 section 12). */
const KEY_BYTES = 44;

export class HostileMedia implements Disposable {
  readonly #socket: Socket;
  /** That came. */
  packets = 0;

  static async bind(): Promise<HostileMedia> {
    const media = new HostileMedia();
    await new Promise<void>(resolve => media.#socket.bind(0, ADDRESSES[1], resolve));
    return media;
  }

  private constructor() {
    this.#socket = createSocket('udp4');
    this.#socket.on('message', () => {
      this.packets += 1;
    });
  }

  /** With a key that is another one each time. */
  end(): TrunkEnd {
    const key = randomBytes(KEY_BYTES).toString('base64');
    return { ip: ADDRESSES[1], port: this.#socket.address().port, srtp: { crypto_suite: 'AEAD_AES_256_GCM', key } };
  }

  /** Describes voices. */
  offer(tracks: readonly { streamId: string; trackId: string }[]): string {
    return writeTrunkOffer({
      extensions: { audio: [], video: [] },
      tracks: tracks.map(({ streamId, trackId }, index) => ({
        stream_id: streamId,
        track_id: trackId,
        kind: 'audio',
        codec: {
          mime_type: 'audio/opus',
          payload_type: OPUS_PAYLOAD_TYPE,
          clock_rate: 48_000,
          channels: 2,
          parameters: {},
          feedback: [],
        },
        cname: 'hostile',
        layers: [{ ssrc: FIRST_SSRC + index }],
      })),
    });
  }

  /** Sends the first voice of the offer, under no key that was told. */
  async sendVoice({ ip, port }: TrunkEnd, ms: number): Promise<void> {
    for (let sequence = 1; sequence <= ms / PACKET_MS; sequence += 1) {
      const header = Buffer.alloc(12);
      header.writeUInt8(0x80, 0);
      header.writeUInt8(OPUS_PAYLOAD_TYPE, 1);
      header.writeUInt16BE(sequence, 2);
      header.writeUInt32BE(sequence * SAMPLES, 4);
      header.writeUInt32BE(FIRST_SSRC, 8);
      this.#socket.send(Buffer.concat([header, randomBytes(PAYLOAD_BYTES)]), port, ip);
      await delay(PACKET_MS);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
