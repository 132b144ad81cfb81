/**
 * What the check puts into each page before the page's own scripts. It is sent as text, so `installProbe` must not refer to
 * anything outside itself. Times are in ms since 1970, with fractions, so that those of several pages compare.
 */

/** A picture that was handed to the screen. */
export interface Frame {
  /** When it was decoded and submitted for display. */
  presentedAt: number;
  /** When it was to be visible. */
  shownAt: number;
  /** px */
  width: number;
  height: number;
  /** So many were presented by its video up to here: a page whose thread is busy is told of the latest one alone. */
  presentedFrames: number;
}

/** The frames of one video of somebody else. */
export interface StreamFrames {
  streamId: string;
  trackId: string;
  frames: Frame[];
}

/** A simulcast layer that the page encodes. */
export interface SentLayer {
  /** When the counters were read. */
  at: number;
  rid: string;
  /** px */
  width: number;
  height: number;
  framesEncoded: number;
}

export interface ReceivedVideo {
  at: number;
  streamId: string;
  trackId: string;
  width: number;
  height: number;
  framesDecoded: number;
  /** Pictures that stood still for 150 ms longer than is usual, as the decoder saw it, since it began. */
  freezes: number;
  /** ms of them all */
  frozenMs: number;
}

/** Samples are counted as they are played, over all channels alike. */
export interface ReceivedAudio {
  at: number;
  streamId: string;
  trackId: string;
  energy: number;
  samples: number;
  concealed: number;
}

/** Where media goes to, as ICE selected it. */
export interface RemoteEnd {
  address: string;
  port: number;
}

/** The counters of a page's peer connections. */
export interface Snapshot {
  /** How many were ever made, and how many of them are not closed. */
  constructed: number;
  open: number;
  connected: boolean;
  publishedStreams: string[];
  sent: SentLayer[];
  video: ReceivedVideo[];
  audio: ReceivedAudio[];
  remoteEnds: RemoteEnd[];
}

export interface Probe {
  snapshot(): Promise<Snapshot>;
  /**
   * Every frame is noted from now on, or the first few of each track, as in the beginning. To be told of frames makes a page
   * draw more often than it would.
   */
  watch(everything: boolean): void;
  /** Frames of others that were shown after `since`, as far as they were noted. */
  framesSince(since: number): StreamFrames[];
  /** When the join button was last clicked by the (trusted) mouse. */
  joinClickedAt(): number | undefined;
  /** Streams that have a tile which is drawn. */
  tiles(): string[];
  /** Asks for a size; gives when. */
  wantSize(streamId: string, trackId: string, width: number, height: number): number;
  /** How often the page could draw in the last second. */
  drawnPerSecond(): Promise<number>;
}

declare global {
  interface Window {
    weirProbe: Probe;
  }
}

export function installProbe(): void {
  const now = (): number => performance.timeOrigin + performance.now();
  const connections: RTCPeerConnection[] = [];
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
  const openOnes = (): RTCPeerConnection[] => connections.filter(({ signalingState }) => signalingState !== 'closed');

  // A fake microphone hears no echo. Cleaning the sound of all pages would take a third of a core that callers do not share.
  const media = navigator.mediaDevices;
  const getUserMedia = media.getUserMedia.bind(media);
  media.getUserMedia = constraints => {
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const audio = typeof constraints?.audio === 'object' ? { ...constraints.audio, ...raw } : constraints?.audio;
    return getUserMedia({ ...constraints, ...(audio === undefined ? {} : { audio: audio === true ? raw : audio }) });
  };

  let joinClickedAt: number | undefined;
  window.addEventListener(
    'click',
    event => {
      const onJoin = event.target instanceof Element && event.target.closest('#join') !== null;
      if (onJoin && event.isTrusted) joinClickedAt = performance.timeOrigin + event.timeStamp;
    },
    { capture: true },
  );

  /** The ids that a description gives to its sections (RFC 8830), by mid. */
  const msids = (sdp: string): Map<string, { streamId: string; trackId: string }> => {
    const found = new Map<string, { streamId: string; trackId: string }>();
    for (const section of sdp.split('\r\nm=').slice(1)) {
      const mid = /^a=mid:(\S+)/m.exec(section)?.[1];
      const [, streamId, trackId] = /^a=msid:(\S+) (\S+)/m.exec(section) ?? [];
      const sends = /^a=(sendonly|sendrecv)\s*$/m.test(section);
      if (mid && streamId && trackId && sends) found.set(mid, { streamId, trackId });
    }
    return found;
  };
  const remoteVideos = (): Map<string, { streamId: string; trackId: string; mid: string }> => {
    const found = new Map<string, { streamId: string; trackId: string; mid: string }>();
    for (const connection of openOnes()) {
      const ids = msids(connection.remoteDescription?.sdp ?? '');
      for (const { mid, receiver } of connection.getTransceivers()) {
        const known = mid === null ? undefined : ids.get(mid);
        if (mid !== null && known !== undefined && receiver.track.kind === 'video') {
          found.set(receiver.track.id, { ...known, mid });
        }
      }
    }
    return found;
  };

  const FIRST_FRAMES = 5;
  const shown = new Map<string, Frame[]>();
  /** Whether the next frame of each video will be told. */
  const awaited = new Map<HTMLVideoElement, boolean>();
  let everything = false;
  const awaitFrame = (video: HTMLVideoElement): void => {
    if (awaited.get(video) === true) return;
    awaited.set(video, true);
    video.requestVideoFrameCallback((_time, frame) => {
      awaited.set(video, false);
      const track = video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0] : undefined;
      const frames = (track && shown.get(track.id)) ?? [];
      if (track !== undefined) shown.set(track.id, frames);
      frames.push({
        presentedAt: performance.timeOrigin + frame.presentationTime,
        shownAt: performance.timeOrigin + frame.expectedDisplayTime,
        width: frame.width,
        height: frame.height,
        presentedFrames: frame.presentedFrames,
      });
      if (everything || frames.length < FIRST_FRAMES) awaitFrame(video);
    });
  };
  new MutationObserver(() => {
    for (const video of document.querySelectorAll('video')) {
      if (awaited.has(video)) continue;
      // The same element may come to show another track.
      video.addEventListener('loadstart', () => {
        awaitFrame(video);
      });
      awaitFrame(video);
    }
    for (const video of awaited.keys()) if (!video.isConnected) awaited.delete(video);
  }).observe(document, { childList: true, subtree: true });

  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const string = (value: unknown): string => (typeof value === 'string' ? value : '');

  window.weirProbe = {
    async snapshot() {
      const result: Snapshot = {
        constructed: connections.length,
        open: 0,
        connected: false,
        publishedStreams: [],
        sent: [],
        video: [],
        audio: [],
        remoteEnds: [],
      };
      for (const connection of openOnes()) {
        result.open += 1;
        result.connected = connection.connectionState === 'connected';
        const own = msids(connection.localDescription?.sdp ?? '');
        result.publishedStreams.push(...new Set([...own.values()].map(({ streamId }) => streamId)));
        const byMid = msids(connection.remoteDescription?.sdp ?? '');
        const reports = new Map<string, Record<string, unknown>>();
        (await connection.getStats()).forEach((report: Record<string, unknown>, id: string) => reports.set(id, report));
        for (const report of reports.values()) {
          const at = number(report['timestamp']);
          const [width, height] = [number(report['frameWidth']), number(report['frameHeight'])];
          const type = `${string(report['type'])} ${string(report['kind'])}`;
          const ids = byMid.get(string(report['mid']));
          if (type === 'outbound-rtp video') {
            const framesEncoded = number(report['framesEncoded']);
            result.sent.push({ at, rid: string(report['rid']), width, height, framesEncoded });
          } else if (type === 'inbound-rtp video' && ids !== undefined) {
            const { streamId, trackId } = ids;
            result.video.push({
              at,
              streamId,
              trackId,
              width,
              height,
              framesDecoded: number(report['framesDecoded']),
              freezes: number(report['freezeCount']),
              frozenMs: number(report['totalFreezesDuration']) * 1_000,
            });
          } else if (type === 'inbound-rtp audio' && ids !== undefined) {
            result.audio.push({
              at,
              streamId: ids.streamId,
              trackId: ids.trackId,
              energy: number(report['totalAudioEnergy']),
              samples: number(report['totalSamplesReceived']),
              concealed: number(report['concealedSamples']),
            });
          } else if (report['type'] === 'transport') {
            const pair = reports.get(string(report['selectedCandidatePairId']));
            const remote = reports.get(string(pair?.['remoteCandidateId']));
            result.remoteEnds.push({ address: string(remote?.['address']), port: number(remote?.['port']) });
          }
        }
      }
      return result;
    },
    watch(all) {
      everything = all;
      if (all) for (const video of awaited.keys()) awaitFrame(video);
    },
    framesSince(since) {
      return [...remoteVideos()].map(([id, { streamId, trackId }]) => ({
        streamId,
        trackId,
        frames: (shown.get(id) ?? []).filter(frame => frame.presentedAt > since),
      }));
    },
    joinClickedAt: () => joinClickedAt,
    tiles: () =>
      [...document.querySelectorAll<HTMLElement>('[data-stream]')]
        .filter(tile => tile.checkVisibility())
        .map(tile => tile.dataset['stream'] ?? ''),
    wantSize(streamId, trackId, width, height) {
      const at = now();
      window.weir.wantSize(streamId, trackId, width, height);
      return at;
    },
    async drawnPerSecond() {
      const end = performance.now() + 1_000;
      let drawn = 0;
      return new Promise(resolve => {
        const draw = (): void => {
          drawn += 1;
          if (performance.now() < end) requestAnimationFrame(draw);
        };
        requestAnimationFrame(draw);
        setTimeout(() => {
          resolve(drawn);
        }, 1_000);
      });
    },
  };
}
