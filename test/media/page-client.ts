/** The client side of the media tests. It is sent into pages as text: it must not refer to anything outside itself. */

export interface InboundVideo {
  mid: string;
  trackId: string;
  width: number;
  height: number;
  framesDecoded: number;
}

export interface PageClient {
  /** `mode`: of a video in one stream (W3C WebRTC-SVC); else it is sent in three (simulcast). */
  publish(width: number, height: number, mode?: string): Promise<{ streamId: string; audio: string; video: string }>;
  shareScreen(): Promise<{ streamId: string; trackId: string }>;
  stopScreen(trackId: string): void;
  openChannel(): void;
  offer(iceRestart?: boolean): Promise<string>;
  takeAnswer(sdp: string): Promise<void>;
  /** Takes an offer, gives the answer. */
  takeOffer(sdp: string): Promise<string>;
  rollback(): Promise<void>;
  inboundVideo(): Promise<InboundVideo[]>;
  inboundAudio(): Promise<{ trackId: string; packets: number; energy: number; concealed: number }[]>;
  outbound(): Promise<{ kind: string; rid: string; width: number; frames: number; bytes: number }[]>;
  channel(): { state: string; id: number | null; received: string[] };
  say(text: string): void;
  transceivers(): { mid: string | null; direction: string; current: string | null }[];
  /** Tracks of the focus's sections that carry one. */
  tracks(): { streamId: string; trackId: string; mid: string }[];
  state(): { ice: string; connection: string; signaling: string };
}

declare global {
  interface Window {
    client: PageClient;
  }
}

export function installClient(): void {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const received: string[] = [];
  let channel: RTCDataChannel | undefined;
  pc.ontrack = ({ track }) => {
    const element = document.createElement(track.kind === 'audio' ? 'audio' : 'video');
    element.autoplay = true;
    element.muted = track.kind === 'video';
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
  };
  const reports = async (type: string): Promise<Record<string, unknown>[]> => {
    const all: Record<string, unknown>[] = [];
    (await pc.getStats()).forEach((report: Record<string, unknown>) => {
      if (report['type'] === type) all.push(report);
    });
    return all;
  };
  // By mid, as the focus names them: a section that carries another track keeps the browser's own track id.
  const tracks = (): { streamId: string; trackId: string; mid: string }[] =>
    (pc.currentRemoteDescription?.sdp ?? '').split('\r\nm=').flatMap(section => {
      const [, streamId = '', trackId = ''] = /\r\na=msid:(\S+) (\S+)/.exec(section) ?? [];
      const mid = /\r\na=mid:(\S+)/.exec(section)?.[1] ?? '';
      return trackId === '' ? [] : { streamId, trackId, mid };
    });
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const string = (value: unknown): string => (typeof value === 'string' ? value : '');
  const layers = (scales: [number, number, number], top: number): RTCRtpEncodingParameters[] => [
    { rid: 'f', maxBitrate: top, scaleResolutionDownBy: scales[0] },
    { rid: 'h', maxBitrate: 200_000, scaleResolutionDownBy: scales[1] },
    { rid: 'q', maxBitrate: 80_000, scaleResolutionDownBy: scales[2] },
  ];
  window.client = {
    async publish(width, height, mode) {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: true,
        video: { width, height, frameRate: 15 },
      });
      const [audio] = stream.getAudioTracks();
      const [video] = stream.getVideoTracks();
      if (audio === undefined || video === undefined) throw new Error('no fake devices');
      pc.addTransceiver(audio, { streams: [stream], direction: 'sendrecv' });
      // Some type libraries do not know of modes.
      const svc: RTCRtpEncodingParameters & { scalabilityMode?: string | undefined } = {
        maxBitrate: 800_000,
        scalabilityMode: mode,
      };
      pc.addTransceiver(video, {
        streams: [stream],
        direction: 'sendrecv',
        sendEncodings: mode === undefined ? layers([1, 2, 4], 600_000) : [svc],
      });
      return { streamId: stream.id, audio: audio.id, video: video.id };
    },
    async shareScreen() {
      // A second camera: a canvas of a page in the background has no frames in Firefox.
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 15 } });
      const [track] = stream.getVideoTracks();
      if (track === undefined) throw new Error('no fake device');
      pc.addTransceiver(track, {
        streams: [stream],
        direction: 'sendonly',
        sendEncodings: layers([1, 1.5, 3], 600_000),
      });
      return { streamId: stream.id, trackId: track.id };
    },
    stopScreen(trackId) {
      const sender = pc.getSenders().find(({ track }) => track?.id === trackId);
      if (sender !== undefined) pc.removeTrack(sender);
    },
    openChannel() {
      channel = pc.createDataChannel('datachannel');
      channel.onmessage = ({ data }) => received.push(String(data));
    },
    async offer(iceRestart) {
      await pc.setLocalDescription(await pc.createOffer(iceRestart === true ? { iceRestart } : {}));
      return pc.localDescription?.sdp ?? '';
    },
    async takeAnswer(sdp) {
      await pc.setRemoteDescription({ type: 'answer', sdp });
    },
    async takeOffer(sdp) {
      await pc.setRemoteDescription({ type: 'offer', sdp });
      await pc.setLocalDescription(await pc.createAnswer());
      return pc.localDescription?.sdp ?? '';
    },
    async rollback() {
      await pc.setLocalDescription({ type: 'rollback' });
    },
    async inboundVideo() {
      return (await reports('inbound-rtp'))
        .filter(report => report['kind'] === 'video')
        .map(report => ({
          mid: string(report['mid']),
          trackId: tracks().find(track => track.mid === report['mid'])?.trackId ?? '',
          width: number(report['frameWidth']),
          height: number(report['frameHeight']),
          framesDecoded: number(report['framesDecoded']),
        }));
    },
    async inboundAudio() {
      return (await reports('inbound-rtp'))
        .filter(report => report['kind'] === 'audio')
        .map(report => ({
          trackId: string(report['trackIdentifier']),
          packets: number(report['packetsReceived']),
          energy: number(report['totalAudioEnergy']),
          concealed: number(report['concealedSamples']),
        }));
    },
    async outbound() {
      return (await reports('outbound-rtp')).map(report => ({
        kind: string(report['kind']),
        rid: string(report['rid']),
        width: number(report['frameWidth']),
        frames: number(report['framesSent']),
        bytes: number(report['bytesSent']),
      }));
    },
    channel: () => ({ state: channel?.readyState ?? 'none', id: channel?.id ?? null, received }),
    say: text => channel?.send(text),
    transceivers: () =>
      pc
        .getTransceivers()
        .map(({ mid, direction, currentDirection }) => ({ mid, direction, current: currentDirection })),
    tracks,
    state: () => ({ ice: pc.iceConnectionState, connection: pc.connectionState, signaling: pc.signalingState }),
  };
}
