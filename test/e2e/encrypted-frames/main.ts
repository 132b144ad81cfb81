/** A page that calls itself: two connections, with an encryption of media each, as two participants would have. */
import {
  type EncryptionError,
  MediaEncryption,
  type ReceiveState,
  senderOf,
  type SharedKey,
  type Way,
  type WitnessRecord,
} from '../../../client/encryption/index.ts';

export interface Scene {
  readonly codec: string;
  /** W3C WebRTC-SVC. */
  readonly scalabilityMode?: string;
  /** Of the sender; the receiver always is. */
  readonly encrypted: boolean;
  /** What the receiver has of the sender's. */
  readonly key: 'right' | 'wrong' | 'none';
  readonly way?: Way;
}

export interface Look {
  readonly way: Way | undefined;
  /** Of what is sent, as statistics name it. */
  readonly sentIn: string | undefined;
  readonly framesEncoded: number;
  readonly bytesSent: number;
  readonly framesDecoded: number;
  readonly keyFramesDecoded: number;
  /** s */
  readonly videoTime: number;
  readonly width: number;
  /** Sum of what was heard (W3C WebRTC Statistics). */
  readonly audioEnergy: number;
  /** All that were told, the latest last. */
  readonly states: { readonly audio: readonly ReceiveState[]; readonly video: readonly ReceiveState[] };
  readonly sent: Record<'audio' | 'video', { readonly encrypted: number; readonly refused: Record<string, number> }>;
  readonly received: Record<
    'audio' | 'video',
    { readonly decrypted: number; readonly refused: Record<string, number> }
  >;
  readonly witnessed: { readonly sent: readonly WitnessRecord[]; readonly received: readonly WitnessRecord[] };
  readonly failures: readonly string[];
}

export interface SelfCall {
  play(scene: Scene): Promise<void>;
  look(): Promise<Look>;
  /** The sender makes the next key; the receiver gets it first, where it is to. */
  nextKey(told: boolean): Promise<void>;
  /** The receiver gets the key that the sender has. */
  tellKey(): Promise<void>;
  /** The receiver takes what comes for somebody else's, who has another key. */
  bindToAnother(): Promise<void>;
  bindBack(): void;
  /** The sender's encryption is closed; the call goes on. */
  closeEncryption(): void;
  end(): void;
}

declare global {
  interface Window {
    selfCall: SelfCall;
  }
}

const SENDER = senderOf({ userId: '@alice:test', deviceId: 'A' });
const ANOTHER = senderOf({ userId: '@carol:test', deviceId: 'C' });
const STAY = 'stay';

type SvcEncoding = RTCRtpEncodingParameters & { scalabilityMode: string };

interface Running {
  readonly alice: MediaEncryption;
  readonly bob: MediaEncryption;
  readonly out: RTCPeerConnection;
  readonly into: RTCPeerConnection;
  readonly camera: MediaStream;
  readonly video: HTMLVideoElement;
  readonly receivers: RTCRtpReceiver[];
  readonly states: { audio: ReceiveState[]; video: ReceiveState[] };
  readonly witnessed: { sent: WitnessRecord[]; received: WitnessRecord[] };
  readonly failures: string[];
}

let running: Running | undefined;

function now(): Running {
  if (running === undefined) throw new Error('nothing is played');
  return running;
}

async function strangersKey(): Promise<SharedKey> {
  const stranger = new MediaEncryption({ received: () => undefined, failed: () => undefined });
  const key = await stranger.keys.shared();
  stranger.close();
  return key;
}

async function play({ codec, scalabilityMode, encrypted, key, way }: Scene): Promise<void> {
  const states: Running['states'] = { audio: [], video: [] };
  const witnessed: Running['witnessed'] = { sent: [], received: [] };
  const failures: string[] = [];
  const options = way === undefined ? {} : { way };
  const failed = (cause: EncryptionError): void => {
    failures.push(cause.code);
  };
  const alice = new MediaEncryption(
    { received: () => undefined, failed },
    { ...options, witness: records => witnessed.sent.push(...records) },
  );
  const bob = new MediaEncryption(
    { received: ({ track }, state) => states[track.kind === 'audio' ? 'audio' : 'video'].push(state), failed },
    { ...options, witness: records => witnessed.received.push(...records) },
  );
  if (key === 'right') bob.addKey(SENDER, STAY, await alice.keys.shared());
  if (key === 'wrong') bob.addKey(SENDER, STAY, await strangersKey());
  const out = new RTCPeerConnection(encrypted ? alice.connectionOptions() : {});
  const into = new RTCPeerConnection(bob.connectionOptions());
  const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
  const video = document.createElement('video');
  video.autoplay = true;
  video.srcObject = new MediaStream();
  document.body.append(video);
  const receivers: RTCRtpReceiver[] = [];
  running = { alice, bob, out, into, camera, video, receivers, states, witnessed, failures };
  into.ontrack = ({ receiver, track }) => {
    bob.receive(receiver);
    bob.bind(receiver, SENDER);
    receivers.push(receiver);
    if (video.srcObject instanceof MediaStream) video.srcObject.addTrack(track);
  };
  for (const track of camera.getTracks()) {
    const kind = track.kind === 'audio' ? 'audio' : 'video';
    const sendEncodings: SvcEncoding[] = kind === 'video' && scalabilityMode !== undefined ? [{ scalabilityMode }] : [];
    const transceiver = out.addTransceiver(track, { direction: 'sendonly', sendEncodings });
    if (encrypted) alice.send(transceiver.sender, kind);
    if (kind === 'video') preferOnly(transceiver, codec);
  }
  out.onicecandidate = ({ candidate }) => into.addIceCandidate(candidate ?? undefined);
  into.onicecandidate = ({ candidate }) => out.addIceCandidate(candidate ?? undefined);
  await out.setLocalDescription();
  await into.setRemoteDescription(descriptionOf(out));
  await into.setLocalDescription();
  await out.setRemoteDescription(descriptionOf(into));
}

function descriptionOf({ localDescription }: RTCPeerConnection): RTCSessionDescription {
  if (localDescription === null) throw new Error('no description');
  return localDescription;
}

function preferOnly(transceiver: RTCRtpTransceiver, codec: string): void {
  const all = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const wanted = all.filter(({ mimeType }) => mimeType.toLowerCase() === `video/${codec.toLowerCase()}`);
  if (wanted.length === 0) throw new Error(`this browser has no ${codec}: ${all.map(one => one.mimeType).join()}`);
  transceiver.setCodecPreferences(wanted);
}

async function look(): Promise<Look> {
  const { alice, bob, out, into, video, states, witnessed, failures } = now();
  const [outbound, inbound] = await Promise.all([reportsOf(out, 'outbound-rtp'), reportsOf(into, 'inbound-rtp')]);
  const codecs = await reportsOf(out, 'codec');
  const sentVideo = outbound.find(({ kind }) => kind === 'video');
  const gotVideo = inbound.find(({ kind }) => kind === 'video');
  const gotAudio = inbound.find(({ kind }) => kind === 'audio');
  const codec = codecs.find(({ id }) => id === sentVideo?.['codecId']);
  const sent = { audio: { encrypted: 0, refused: {} }, video: { encrypted: 0, refused: {} } };
  const received = { audio: { decrypted: 0, refused: {} }, video: { decrypted: 0, refused: {} } };
  if (!failures.includes('closed')) {
    for (const [{ track }, counts] of (await alice.statistics()).senders)
      sent[track?.kind === 'audio' ? 'audio' : 'video'] = {
        encrypted: counts.encrypted,
        refused: Object.fromEntries(counts.refused),
      };
  }
  for (const [{ track }, counts] of (await bob.statistics()).receivers)
    received[track.kind === 'audio' ? 'audio' : 'video'] = {
      decrypted: counts.decrypted,
      refused: Object.fromEntries(counts.refused),
    };
  return {
    way: MediaEncryption.way(),
    sentIn: typeof codec?.['mimeType'] === 'string' ? codec['mimeType'] : undefined,
    framesEncoded: numberIn(sentVideo, 'framesEncoded'),
    bytesSent: numberIn(sentVideo, 'bytesSent'),
    framesDecoded: numberIn(gotVideo, 'framesDecoded'),
    keyFramesDecoded: numberIn(gotVideo, 'keyFramesDecoded'),
    videoTime: video.currentTime,
    width: video.videoWidth,
    audioEnergy: numberIn(gotAudio, 'totalAudioEnergy'),
    states,
    sent,
    received,
    witnessed,
    failures,
  };
}

type Report = Record<string, unknown>;

async function reportsOf(connection: RTCPeerConnection, type: string): Promise<Report[]> {
  const all: Report[] = [];
  (await connection.getStats()).forEach((report: Report) => {
    if (report['type'] === type) all.push(report);
  });
  return all;
}

function numberIn(report: Report | undefined, name: string): number {
  const value = report?.[name];
  return typeof value === 'number' ? value : 0;
}

window.selfCall = {
  play,
  look,
  nextKey: async told => {
    const { alice, bob } = now();
    const key = await alice.keys.next();
    if (told) bob.addKey(SENDER, STAY, key);
    await alice.keys.use(key);
  },
  tellKey: async () => {
    const { alice, bob } = now();
    bob.addKey(SENDER, STAY, await alice.keys.shared());
  },
  bindToAnother: async () => {
    const { bob, receivers } = now();
    bob.addKey(ANOTHER, STAY, await strangersKey());
    for (const receiver of receivers) bob.bind(receiver, ANOTHER);
  },
  bindBack: () => {
    const { bob, receivers } = now();
    for (const receiver of receivers) bob.bind(receiver, SENDER);
  },
  closeEncryption: () => {
    const { alice, failures } = now();
    alice.close();
    failures.push('closed');
  },
  end: () => {
    const { alice, bob, out, into, camera, video } = now();
    out.close();
    into.close();
    for (const track of camera.getTracks()) track.stop();
    video.remove();
    alice.close();
    bob.close();
    running = undefined;
  },
};
