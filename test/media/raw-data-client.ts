import { RTCPeerConnection } from 'werift';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { PPID } from '../../src/media/data-channels/dcep.ts';
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

  async join(answer: (offer: string) => Promise<string>): Promise<void> {
    const offer = await this.#connection.createOffer();
    await this.#connection.setLocalDescription(offer);
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: await answer(offer.sdp) });
    await eventually('control channel', () => this.#control.readyState === 'open');
    // Its own reader throws where something comes of a channel that it does not know.
    const { onReceive } = this.#sctp;
    onReceive.allUnsubscribe();
    onReceive.subscribe((streamId, ppid, message) => {
      if (streamId === this.#control.id && ppid === PPID.text) this.control.push(message.toString());
    });
  }

  sendControl(text: string): void {
    this.#control.send(text);
  }

  /** One message of SCTP. `ppid`: its payload protocol identifier. */
  async send(streamId: number, ppid: number, message: Buffer): Promise<void> {
    await this.#sctp.send(streamId, ppid, message);
  }

  get #sctp() {
    const transport = this.#connection.sctpTransport;
    if (transport === undefined) throw new Error('no SCTP');
    return transport.sctp;
  }

  close(): void {
    // It waits for the other end's goodbye; nobody here does.
    this.#connection.close().catch(() => undefined);
  }
}
