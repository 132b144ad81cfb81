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
import { LIGHT_PACE, type Pace } from './datachannel-endpoint.ts';
import { type Endpoint, type EndpointEvents, type SentTrack, type TrackIds, tracksByMid } from './endpoint.ts';
import { AudioSource, PAYLOAD_TYPES, VideoSource } from './media-source.ts';

/** A peer on werift: a stack of TypeScript alone. */
export class WeriftEndpoint implements Endpoint {
  readonly #events: EndpointEvents;
  readonly #pace: Pace;
  readonly #connection: RTCPeerConnection;
  readonly #control: RTCDataChannel;
  readonly #timers: NodeJS.Timeout[] = [];
  #remote = new Map<string, TrackIds>();
  #closed = false;

  constructor(events: EndpointEvents, pace: Pace = LIGHT_PACE) {
    this.#events = events;
    this.#pace = pace;
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
    const source = sent.kind === 'audio' ? new AudioSource(sender.ssrc) : new VideoSource(sender.ssrc);
    const everyMs = sent.kind === 'audio' ? this.#pace.audioEveryMs : this.#pace.videoEveryMs;
    this.#timers.push(setInterval(() => track.writeRtp(source.next(everyMs)), everyMs));
    if (source instanceof VideoSource) sender.onPictureLossIndication.subscribe(() => source.restart());
    return sender.trackId;
  }

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
        if (!this.#closed && ids !== undefined) this.#events.packet(ids);
      });
    });
  }
}
