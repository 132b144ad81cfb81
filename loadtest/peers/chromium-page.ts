/** The inside of a page that is a peer. It is sent there as text: it must not refer to anything outside itself. */
import type { Gap, PageStats, ReceivedAudio, ReceivedVideo, SentEncoding } from './chromium-stats.ts';

/** A track to be sent. */
export interface PageTrack {
  /** Any name. */
  key: string;
  /** Tracks of one name go in one stream. */
  stream: string;
  kind: 'audio' | 'video';
  direction: 'sendonly' | 'sendrecv';
}

export interface PageOptions {
  /** Shows pictures, so that they are composed and drawn, too. */
  render: boolean;
  /** How often frames are looked at, in ms. */
  pollMs: number;
  /** Times without a frame that are noted, in ms. */
  notedGapMs: number;
  camera: { width: number; height: number; framesPerSecond: number };
  /** Highest first, bit/s. */
  encodings: { rid: string; scaleResolutionDownBy: number; maxBitrate: number }[];
}

/** What a page tells without being asked. */
export type PageEvent =
  | { kind: 'control'; text: string }
  | { kind: 'control_open' }
  | { kind: 'control_closed' }
  | { kind: 'connection'; state: RTCPeerConnectionState }
  /** mid → packets since the last word. */
  | { kind: 'packets'; counts: Record<string, number> };

export interface PagePeer {
  /** Gives the ids that the browser chose, by key. */
  send(tracks: PageTrack[]): Promise<Record<string, { streamId: string; trackId: string }>>;
  setLayers(key: string, active: boolean[]): Promise<void>;
  setMuted(key: string, muted: boolean): void;
  offer(): Promise<string>;
  takeAnswer(sdp: string): Promise<void>;
  answer(sdp: string): Promise<string>;
  say(text: string): void;
  stats(): Promise<PageStats>;
}

declare global {
  interface Window {
    weirPeer: PagePeer;
    weirTell: (event: PageEvent) => Promise<void>;
  }
}

export function installPeer(label: string, options: PageOptions): void {
  const mostGaps = 200;
  const tellPacketsEveryMs = 500;
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const senders = new Map<string, RTCRtpSender>();
  const streams = new Map<string, MediaStream>();
  const frames = new Map<string, { decoded: number; grewAt: number; gaps: Gap[]; longestMs: number }>();
  const packets = new Map<string, number>();
  let told = new Map<string, number>();
  let toldAt = 0;

  const tell = (event: PageEvent): void => {
    // Nobody listens any more once the page is being closed.
    window.weirTell(event).catch(() => undefined);
  };
  const control = pc.createDataChannel(label);
  control.onmessage = ({ data }) => {
    if (typeof data === 'string') tell({ kind: 'control', text: data });
  };
  control.onopen = () => {
    tell({ kind: 'control_open' });
  };
  control.onclose = () => {
    tell({ kind: 'control_closed' });
  };
  pc.onconnectionstatechange = () => {
    tell({ kind: 'connection', state: pc.connectionState });
  };
  pc.ontrack = ({ track }) => {
    // Audio is decoded only where somebody plays it; pictures are decoded anyway.
    if (track.kind === 'video' && !options.render) return;
    const element = document.createElement(track.kind === 'audio' ? 'audio' : 'video');
    element.autoplay = true;
    element.muted = true;
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
  };

  const number = (report: Record<string, unknown>, key: string): number => {
    const value = report[key];
    return typeof value === 'number' ? value : 0;
  };
  const string = (report: Record<string, unknown>, key: string): string => {
    const value = report[key];
    return typeof value === 'string' ? value : '';
  };
  const reports = async (type: string): Promise<Record<string, unknown>[]> => {
    const found: Record<string, unknown>[] = [];
    (await pc.getStats()).forEach((report: Record<string, unknown>) => {
      if (report['type'] === type) found.push(report);
    });
    return found;
  };

  const lookAt = (report: Record<string, unknown>, now: number): void => {
    const mid = string(report, 'mid');
    packets.set(mid, number(report, 'packetsReceived'));
    const decoded = number(report, 'framesDecoded');
    if (string(report, 'kind') !== 'video' || decoded === 0) return;
    const known = frames.get(mid);
    if (known === undefined) {
      frames.set(mid, { decoded, grewAt: now, gaps: [], longestMs: 0 });
      return;
    }
    if (decoded === known.decoded) return;
    const gap = now - known.grewAt;
    known.longestMs = Math.max(known.longestMs, gap);
    if (gap > options.notedGapMs) known.gaps.push({ from: known.grewAt, to: now });
    if (known.gaps.length > mostGaps) known.gaps.shift();
    known.decoded = decoded;
    known.grewAt = now;
  };
  const poll = async (): Promise<void> => {
    const inbound = await reports('inbound-rtp');
    const now = Date.now();
    for (const report of inbound) lookAt(report, now);
    if (now - toldAt < tellPacketsEveryMs) return;
    toldAt = now;
    const news = [...packets].flatMap(([mid, count]) => {
      const more = count - (told.get(mid) ?? 0);
      return more > 0 ? [[mid, more] as const] : [];
    });
    told = new Map(packets);
    if (news.length > 0) tell({ kind: 'packets', counts: Object.fromEntries(news) });
  };
  let polling = false;
  setInterval(() => {
    if (polling) return;
    polling = true;
    poll()
      .catch(() => undefined)
      .finally(() => {
        polling = false;
      })
      .catch(() => undefined);
  }, options.pollMs);

  const capture = async (kinds: readonly string[]): Promise<MediaStream> =>
    navigator.mediaDevices.getUserMedia({
      audio: kinds.includes('audio') && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      video: kinds.includes('video') && {
        width: options.camera.width,
        height: options.camera.height,
        frameRate: options.camera.framesPerSecond,
      },
    });
  const videoOf = (report: Record<string, unknown>, now: number): ReceivedVideo => {
    const seen = frames.get(string(report, 'mid'));
    const current = seen === undefined ? 0 : now - seen.grewAt;
    const open = seen !== undefined && current > options.notedGapMs ? [{ from: seen.grewAt, to: now }] : [];
    return {
      kind: 'video',
      framesDecoded: number(report, 'framesDecoded'),
      framesDropped: number(report, 'framesDropped'),
      frameWidth: number(report, 'frameWidth'),
      frameHeight: number(report, 'frameHeight'),
      freezeCount: number(report, 'freezeCount'),
      totalFreezesDuration: number(report, 'totalFreezesDuration'),
      bytesReceived: number(report, 'bytesReceived'),
      packetsReceived: number(report, 'packetsReceived'),
      packetsLost: number(report, 'packetsLost'),
      pliCount: number(report, 'pliCount'),
      nackCount: number(report, 'nackCount'),
      gaps: [...(seen?.gaps ?? []), ...open],
      longestGapMs: Math.max(seen?.longestMs ?? 0, current),
    };
  };
  const audioOf = (report: Record<string, unknown>): ReceivedAudio => ({
    kind: 'audio',
    bytesReceived: number(report, 'bytesReceived'),
    packetsReceived: number(report, 'packetsReceived'),
    packetsLost: number(report, 'packetsLost'),
    concealedSamples: number(report, 'concealedSamples'),
    silentConcealedSamples: number(report, 'silentConcealedSamples'),
    totalSamplesReceived: number(report, 'totalSamplesReceived'),
    jitterBufferDelay: number(report, 'jitterBufferDelay'),
    jitterBufferEmittedCount: number(report, 'jitterBufferEmittedCount'),
  });
  const encodingOf = (report: Record<string, unknown>): SentEncoding => ({
    kind: string(report, 'kind') === 'audio' ? 'audio' : 'video',
    rid: string(report, 'rid'),
    active: report['active'] === true,
    width: number(report, 'frameWidth'),
    framesEncoded: number(report, 'framesEncoded'),
    bytesSent: number(report, 'bytesSent'),
    targetBitrate: number(report, 'targetBitrate'),
    limitedBy: string(report, 'qualityLimitationReason'),
  });

  window.weirPeer = {
    async send(tracks) {
      const captured = await capture(tracks.map(({ kind }) => kind));
      const chosen: Record<string, { streamId: string; trackId: string }> = {};
      for (const { key, stream: name, kind, direction } of tracks) {
        const [of] = kind === 'audio' ? captured.getAudioTracks() : captured.getVideoTracks();
        if (of === undefined) throw new Error(`no fake ${kind}`);
        // Two of one kind are two tracks.
        const track = of.clone();
        const stream = streams.get(name) ?? new MediaStream();
        streams.set(name, stream);
        const { sender } = pc.addTransceiver(track, {
          direction,
          streams: [stream],
          ...(kind === 'video' ? { sendEncodings: options.encodings } : {}),
        });
        senders.set(key, sender);
        chosen[key] = { streamId: stream.id, trackId: track.id };
      }
      for (const track of captured.getTracks()) track.stop();
      return chosen;
    },
    async setLayers(key, active) {
      const sender = senders.get(key);
      if (sender === undefined) return;
      const parameters = sender.getParameters();
      const lowestFirst = parameters.encodings.toReversed();
      for (const [index, encoding] of lowestFirst.entries()) encoding.active = active[index] ?? encoding.active ?? true;
      await sender.setParameters(parameters);
    },
    setMuted(key, muted) {
      const track = senders.get(key)?.track;
      if (track != null) track.enabled = !muted;
    },
    async offer() {
      await pc.setLocalDescription(await pc.createOffer());
      return pc.localDescription?.sdp ?? '';
    },
    async takeAnswer(sdp) {
      await pc.setRemoteDescription({ type: 'answer', sdp });
    },
    async answer(sdp) {
      await pc.setRemoteDescription({ type: 'offer', sdp });
      await pc.setLocalDescription(await pc.createAnswer());
      return pc.localDescription?.sdp ?? '';
    },
    say(text) {
      if (control.readyState === 'open') control.send(text);
    },
    async stats() {
      const [inbound, outbound] = await Promise.all([reports('inbound-rtp'), reports('outbound-rtp')]);
      const at = Date.now();
      const received = inbound.map(
        report =>
          [string(report, 'mid'), string(report, 'kind') === 'audio' ? audioOf(report) : videoOf(report, at)] as const,
      );
      return { at, received: Object.fromEntries(received), sent: outbound.map(encodingOf) };
    },
  };
}
