import { RTCPeerConnection } from 'werift';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { eventually } from './harness.ts';

/** A client of werift with a control channel, that says on any stream whatever it likes. */
export class RawDataClient {
  readonly control: string[] = [];
  readonly #connection = new RTCPeerConnection({
    iceServers: [],
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1'],
    bundlePolicy: 'max-bundle',
  });
  readonly #control = this.#connection.createDataChannel(CONTROL_CHANNEL_LABEL);

  constructor() {
    this.#control.onMessage.subscribe(message => this.control.push(message.toString()));
  }

  async join(answer: (offer: string) => Promise<string>): Promise<void> {
    const offer = await this.#connection.createOffer();
    await this.#connection.setLocalDescription(offer);
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: await answer(offer.sdp) });
    await eventually('control channel', () => this.#control.readyState === 'open');
  }

  sendControl(text: string): void {
    this.#control.send(text);
  }

  /** One message of SCTP. `ppid`: its payload protocol identifier. */
  async send(streamId: number, ppid: number, message: Buffer): Promise<void> {
    const transport = this.#connection.sctpTransport;
    if (transport === undefined) throw new Error('no SCTP');
    await transport.sctp.send(streamId, ppid, message);
  }

  close(): void {
    // It waits for the other end's goodbye; nobody here does.
    this.#connection.close().catch(() => undefined);
  }
}
