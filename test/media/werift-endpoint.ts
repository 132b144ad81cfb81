import { MediaStream, MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';
import { type Endpoint, type EndpointEvents, type SentTrack, type TrackIds, tracksByMid } from '../peers/endpoint.ts';
import { AudioSource, PAYLOAD_TYPES, VideoSource } from '../peers/media-source.ts';

const EVERY_MS = 60;

/** A peer on werift: one transport, header extensions with ids of its own. */
export class WeriftEndpoint implements Endpoint {
  readonly #events: EndpointEvents;
  readonly #connection = new RTCPeerConnection({
    iceServers: [],
    bundlePolicy: 'max-bundle',
    iceAdditionalHostAddresses: ['127.0.0.1'],
    iceUseIpv6: false,
    // Its own choice would be 96 for opus, which is VP8 to the focus.
    codecs: {
      audio: [
        new RTCRtpCodecParameters({
          mimeType: 'audio/opus',
          clockRate: 48_000,
          channels: 2,
          payloadType: PAYLOAD_TYPES.opus,
        }),
      ],
      video: [
        new RTCRtpCodecParameters({
          mimeType: 'video/VP8',
          clockRate: 90_000,
          payloadType: PAYLOAD_TYPES.vp8,
          rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
        }),
      ],
    },
  });
  readonly #control = this.#connection.createDataChannel('datachannel');
  readonly #timers: NodeJS.Timeout[] = [];
  #remote = new Map<string, TrackIds>();

  constructor(events: EndpointEvents) {
    this.#events = events;
    this.#control.stateChanged.subscribe(state => {
      if (state === 'open') events.controlOpen();
      if (state === 'closed') events.controlClosed();
    });
    this.#control.onMessage.subscribe(message => events.control(message.toString()));
    this.#connection.onRemoteTransceiverAdded.subscribe(transceiver => {
      transceiver.onTrack.subscribe(track => {
        track.onReceiveRtp.subscribe(() => {
          const ids = this.#remote.get(transceiver.mid ?? '');
          if (ids !== undefined) events.packet(ids);
        });
      });
    });
  }

  send({ kind, streamId, trackId, direction }: SentTrack): void {
    const track = new MediaStreamTrack({ kind, streamId, id: trackId });
    this.#connection.addTransceiver(track, { direction, streams: [new MediaStream({ id: streamId })] });
    const source = kind === 'audio' ? new AudioSource(1) : new VideoSource(1);
    this.#timers.push(setInterval(() => track.writeRtp(source.next(EVERY_MS)), EVERY_MS));
  }

  async offer(): Promise<string> {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    return this.#connection.localDescription?.sdp ?? '';
  }

  async takeAnswer(sdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: 'answer', sdp });
  }

  async answer(sdp: string): Promise<string> {
    this.#remote = tracksByMid(sdp);
    await this.#connection.setRemoteDescription({ type: 'offer', sdp });
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    return this.#connection.localDescription?.sdp ?? '';
  }

  hasLocalOffer(): boolean {
    return this.#connection.signalingState === 'have-local-offer';
  }

  sendControl(text: string): boolean {
    if (this.#control.readyState !== 'open') return false;
    this.#control.send(text);
    return true;
  }

  isConnected(): boolean {
    return this.#connection.connectionState === 'connected';
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#connection.close().catch(() => undefined);
    this.#events.controlClosed();
  }
}
