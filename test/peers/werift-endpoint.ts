import {
  MediaStream,
  MediaStreamTrack,
  type RTCDataChannel,
  RTCPeerConnection,
  type RTCRtpTransceiver,
  useOPUS,
  useVP8,
} from 'werift';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { type FrameSize, LIGHT_SIZE } from '../../loadtest/media/recordings.ts';
import {
  type Endpoint,
  type EndpointEvents,
  type SentTrack,
  type TrackIds,
  tracksByMid,
} from '../../loadtest/peers/endpoint.ts';
import { LIGHT_PACE, SilentPackets, SmallPictures } from '../../loadtest/peers/light-source.ts';
import { PAYLOAD_TYPES } from '../../loadtest/peers/rtp.ts';

/** A peer on werift: a stack of TypeScript alone. */
export class WeriftEndpoint implements Endpoint {
  readonly camera: FrameSize = LIGHT_SIZE;
  readonly #events: EndpointEvents;
  readonly #connection: RTCPeerConnection;
  readonly #control: RTCDataChannel;
  readonly #timers: NodeJS.Timeout[] = [];
  #remote = new Map<string, TrackIds>();
  #closed = false;

  constructor(events: EndpointEvents) {
    this.#events = events;
    this.#connection = new RTCPeerConnection({
      codecs: {
        audio: [useOPUS({ payloadType: PAYLOAD_TYPES.opus })],
        video: [useVP8({ payloadType: PAYLOAD_TYPES.vp8 })],
      },
      iceServers: [],
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ['127.0.0.1'],
      bundlePolicy: 'max-bundle',
    });
    this.#connection.onTransceiverAdded.subscribe(transceiver => {
      this.#listen(transceiver);
    });
    this.#control = this.#connection.createDataChannel(CONTROL_CHANNEL_LABEL);
    this.#control.stateChanged.subscribe(state => {
      if (this.#closed) return;
      if (state === 'open') events.controlOpen();
      if (state === 'closed') events.controlClosed();
    });
    this.#control.onMessage.subscribe(message => {
      if (!this.#closed) events.control(message.toString());
    });
  }

  send(sent: SentTrack): string {
    const track = new MediaStreamTrack({ kind: sent.kind, id: sent.trackId, streamId: sent.streamId });
    const { sender } = this.#connection.addTransceiver(track, {
      direction: sent.direction,
      streams: [new MediaStream({ id: sent.streamId, tracks: [track] })],
    });
    const source = sent.kind === 'audio' ? new SilentPackets(sender.ssrc) : new SmallPictures(sender.ssrc);
    this.#timers.push(
      setInterval(() => {
        track.writeRtp(source.at(performance.now()));
      }, LIGHT_PACE[sent.kind]),
    );
    if (source instanceof SmallPictures) sender.onPictureLossIndication.subscribe(() => source.restart());
    return sender.trackId;
  }

  /** It sends one. */
  setLayers(): void {}

  /** It has no way to stop. */
  setMuted(): void {}

  async offer(): Promise<string> {
    const offer = await this.#connection.createOffer();
    await this.#connection.setLocalDescription(offer);
    return offer.sdp;
  }

  async takeAnswer(sdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: 'answer', sdp });
  }

  async answer(sdp: string): Promise<string> {
    this.#remote = tracksByMid(sdp);
    await this.#connection.setRemoteDescription({ type: 'offer', sdp });
    const answer = await this.#connection.createAnswer();
    await this.#connection.setLocalDescription(answer);
    return answer.sdp;
  }

  hasLocalOffer(): boolean {
    return this.#connection.signalingState === 'have-local-offer';
  }

  sendControl(text: string): boolean {
    if (this.#closed || this.#control.readyState !== 'open') return false;
    this.#control.send(text);
    return true;
  }

  isConnected(): boolean {
    return !this.#closed && this.#connection.connectionState === 'connected';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    // It waits for the other end's goodbye; nobody here does.
    this.#connection.close().catch(() => undefined);
  }

  #listen(transceiver: RTCRtpTransceiver): void {
    transceiver.onTrack.subscribe(track => {
      track.onReceiveRtp.subscribe(() => {
        const ids = this.#remote.get(transceiver.mid ?? '');
        if (!this.#closed && ids !== undefined) this.#events.packet(ids, 1);
      });
    });
  }
}
