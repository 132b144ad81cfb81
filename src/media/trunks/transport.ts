import { isIP } from 'node:net';
import type { types } from 'mediasoup';
import { WeirError } from '../../../signalling/wire/errors.ts';
import { readTrunkEnd, type TrunkEnd } from '../../../signalling/wire/trunk-description.ts';
import type { ListenAddress } from '../options.ts';

/** The only one that is spoken: Debian's libsrtp is fast with it, and slow with the others. */
const CRYPTO_SUITE = 'AEAD_AES_256_GCM';
/** bytes. Many tracks share the socket, keyframes come at once. The system may give less. */
const BUFFER_SIZE = 4_194_304;

/** Where the ends of trunks listen. */
export interface TrunkListening {
  address: ListenAddress;
  /** UDP ports, one for each trunk; any free ones by default. */
  ports: { min: number; max: number } | undefined;
}

/** One end of a trunk: SRTP with the other focus, whose address is known from the start. */
export class TrunkTransport {
  readonly transport: types.PlainTransport;
  readonly end: TrunkEnd;
  #far: string | undefined;

  static async open(router: types.Router, { address, ports }: TrunkListening): Promise<TrunkTransport> {
    const { ip, announcedAddress } = address;
    const transport = await router.createPlainTransport({
      listenInfo: {
        protocol: 'udp',
        ip,
        ...(announcedAddress === undefined ? {} : { announcedAddress }),
        ...(ports === undefined ? {} : { portRange: ports }),
        recvBufferSize: BUFFER_SIZE,
        sendBufferSize: BUFFER_SIZE,
        ...(ip.includes(':') ? { flags: { ipv6Only: true } } : {}),
      },
      rtcpMux: true,
      comedia: false,
      enableSrtp: true,
      srtpCryptoSuite: CRYPTO_SUITE,
    });
    const { srtpParameters, tuple } = transport;
    if (srtpParameters === undefined) {
      transport.close();
      throw new WeirError('WEIR_MEDIA_FAILED', 'the transport has no SRTP key');
    }
    return new TrunkTransport(transport, {
      ip: announcedAddress ?? tuple.localAddress,
      port: tuple.localPort,
      srtp: { crypto_suite: CRYPTO_SUITE, key: srtpParameters.keyBase64 },
    });
  }

  private constructor(transport: types.PlainTransport, end: TrunkEnd) {
    this.transport = transport;
    this.end = end;
  }

  get connected(): boolean {
    return this.#far !== undefined;
  }

  /** Nothing happens when it is told of the same end again. */
  async connect(told: TrunkEnd): Promise<void> {
    const parsed = readTrunkEnd(told);
    if (parsed.kind === 'bad') throw parsed.error;
    const { ip, port, srtp } = parsed.value;
    if (isIP(ip) === 0) throw new WeirError('WEIR_BAD_MESSAGE', 'the end of the trunk has no IP address');
    const far = JSON.stringify(parsed.value);
    if (this.#far === far) return;
    if (this.#far !== undefined) throw new WeirError('WEIR_UNEXPECTED_MESSAGE', 'the end of the trunk has changed');
    await this.transport.connect({
      ip,
      port,
      srtpParameters: { cryptoSuite: srtp.crypto_suite, keyBase64: srtp.key },
    });
    this.#far = far;
  }
}
