/** End-to-end encryption of a call's media in the browser, as the page has it: the frames and their keys are in a worker. */
import type { SharedKey } from '../sframe/sent-keys.ts';
import type { MediaKind } from './encoded-frame.ts';
import { EncryptionError } from './errors.ts';
import { formatNamed } from './formats.ts';
import type { FormatName, FrameFormat } from './frame-format.ts';
import type { Answer, FromWorker, TrackRef } from './messages.ts';
import type { OwnKeys } from './own-keys.ts';
import type { ReceiveState } from './receive-state.ts';
import type { SenderId } from './sender-id.ts';
import type { ReceivedStatistics, SentStatistics } from './track-statistics.ts';
import { hasWay, streamsOf, type TrackEnd, transformByScript, type Way, wayHere } from './ways.ts';
import type { WitnessRecord } from './witness.ts';
import { WorkerLink } from './worker-link.ts';

export interface MediaEncryptionEvents {
  /** Once for each change; `waiting` before the first. */
  received(receiver: RTCRtpReceiver, state: ReceiveState): void;
  /** Once, at most. From now on nothing is sent and nothing shown by any sender or receiver that was given to it. */
  failed(cause: EncryptionError): void;
}

export interface MediaEncryptionOptions {
  /** For checks: that of an older browser. */
  readonly way?: Way;
  /** For checks: told of each frame, some at a time. Costs a digest of each. */
  readonly witness?: (records: readonly WitnessRecord[]) => void;
  /** For tests. */
  readonly startWorker?: () => Worker;
}

/**
 * Our own keys, in the worker. All of it rejects with an EncryptionError: `closed`, `worker_failed`, `unsupported`, and `key_used_up` where no
 * step is left, or where the key to use, or a later one, was used before.
 */
export interface HeldKeys extends OwnKeys {
  /** For whoever is to read what is sent from now on. */
  shared(): Promise<SharedKey>;
}

/** What Chromium wants to know before a connection is made, where its streams are asked for. */
export interface EncryptedConnectionOptions extends RTCConfiguration {
  readonly encodedInsertableStreams?: true;
}

export interface MediaStatistics {
  readonly senders: ReadonlyMap<RTCRtpSender, SentStatistics>;
  readonly receivers: ReadonlyMap<RTCRtpReceiver, ReceivedStatistics>;
}

export class MediaEncryption {
  readonly keys: HeldKeys;
  readonly #events: MediaEncryptionEvents;
  readonly #way: Way;
  readonly #witness: MediaEncryptionOptions['witness'];
  readonly #format: FrameFormat = formatNamed('sframe');
  readonly #worker: Worker;
  readonly #link: WorkerLink;
  readonly #senders = new Map<RTCRtpSender, number>();
  readonly #receivers = new Map<RTCRtpReceiver, number>();
  #tracks = 0;

  /** How this browser lets frames be encrypted; `undefined` where it does not, or the page is not of a secure origin. */
  static way(): Way | undefined {
    return wayHere();
  }

  /** Starts its worker. Throws an EncryptionError (`unsupported`) where there is no way. */
  constructor(
    events: MediaEncryptionEvents,
    { way = wayHere(), witness, startWorker = start }: MediaEncryptionOptions = {},
  ) {
    if (way === undefined || !hasWay(way))
      throw new EncryptionError('unsupported', 'This browser cannot encrypt media.');
    this.#events = events;
    this.#way = way;
    this.#witness = witness;
    this.#worker = startWorker();
    this.#link = new WorkerLink(this.#worker, {
      said: message => this.#said(message),
      failed: cause => events.failed(cause),
    });
    this.#link.tell({ type: 'start', format: this.#format.name, witness: witness !== undefined });
    this.keys = ownKeys(this.#link);
  }

  /** Of what is sent, as descriptions of streams and messages with keys name it. */
  get format(): FormatName {
    return this.#format.name;
  }

  /** For each RTCPeerConnection whose senders and receivers are given to this. */
  connectionOptions(): EncryptedConnectionOptions {
    return this.#way === 'streams' ? { encodedInsertableStreams: true } : {};
  }

  /**
   * From now on all that it sends is encrypted, or not sent: call it right after `addTransceiver`. Throws an EncryptionError
   * (`unsupported`) where the browser does not do it: then nothing may be sent by it.
   */
  send(sender: RTCRtpSender, kind: MediaKind): void {
    if (!this.#senders.has(sender)) this.#senders.set(sender, this.#protect(sender, 'send', kind));
  }

  /** From now on nothing comes out of it that is not authentic: call it in the track event, or before. Throws as `send` does. */
  receive(receiver: RTCRtpReceiver): void {
    if (this.#receivers.has(receiver)) return;
    const kind = receiver.track.kind === 'audio' ? 'audio' : 'video';
    let track: number | undefined;
    try {
      track = this.#protect(receiver, 'receive', kind);
      this.#receivers.set(receiver, track);
    } finally {
      // Whoever does not see to the error shows nothing clear all the same.
      if (track === undefined) receiver.track.stop();
    }
  }

  /** Says whose frames come by it. Others' do not come out; with `undefined`, nobody's. */
  bind(receiver: RTCRtpReceiver, from: SenderId | undefined): void {
    this.receive(receiver);
    const track = this.#receivers.get(receiver);
    if (track !== undefined) this.#link.tell({ type: 'bind', track, from });
  }

  /** It is of a connection that was closed, and is forgotten. */
  detach(end: TrackEnd): void {
    const all: Map<TrackEnd, number>[] = [this.#senders, this.#receivers];
    for (const tracks of all) {
      const track = tracks.get(end);
      if (track !== undefined) this.#link.tell({ type: 'detach', track });
      tracks.delete(end);
    }
  }

  /** A new `stay` of a sender replaces all its keys. False for what cannot be a key: it changes nothing. */
  addKey(from: SenderId, stay: string, key: SharedKey): boolean {
    if (!this.#format.takes(key)) return false;
    this.#link.tell({ type: 'key', from, stay, key });
    return true;
  }

  /** It left: its keys are of no use any more. */
  forget(from: SenderId): void {
    this.#link.tell({ type: 'forget', from });
  }

  /** Of all senders and receivers that are not detached. Rejects as the keys do. */
  async statistics(): Promise<MediaStatistics> {
    const answer = await this.#link.ask({ kind: 'statistics' });
    if (answer.kind !== 'statistics') throw unexpected(answer);
    return { senders: countsOf(this.#senders, answer.sent), receivers: countsOf(this.#receivers, answer.received) };
  }

  /** Ends the worker: senders and receivers that were given to this carry nothing any more. */
  close(): void {
    this.#link.close();
  }

  #protect(end: TrackEnd, direction: TrackRef['direction'], kind: MediaKind): number {
    this.#tracks += 1;
    const ref: TrackRef = { track: this.#tracks, direction, kind };
    switch (this.#way) {
      case 'script':
        transformByScript(this.#worker, end, ref);
        this.#link.tell({ type: 'track', ref });
        break;
      case 'streams': {
        const streams = streamsOf(end);
        this.#link.tell({ type: 'streams', ref, streams }, [streams.readable, streams.writable]);
        break;
      }
    }
    return ref.track;
  }

  #said(message: Exclude<FromWorker, { type: 'answer' | 'failed' }>): void {
    switch (message.type) {
      case 'state': {
        const receiver = endOf(this.#receivers, message.track);
        if (receiver !== undefined) this.#events.received(receiver, message.state);
        return;
      }
      case 'codecs_wanted': {
        const end = endOf<TrackEnd>(this.#senders, message.track) ?? endOf(this.#receivers, message.track);
        if (end === undefined) return;
        const codecs = end.getParameters().codecs.map(({ payloadType, mimeType }) => ({ payloadType, mimeType }));
        this.#link.tell({ type: 'codecs', track: message.track, codecs });
        return;
      }
      case 'witness':
        this.#witness?.(message.records);
        return;
    }
  }
}

function start(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'media encryption' });
}

function ownKeys(link: WorkerLink): HeldKeys {
  const key = async (kind: 'shared' | 'ratchet' | 'next'): Promise<SharedKey> => {
    const answer = await link.ask({ kind });
    if (answer.kind !== 'key') throw unexpected(answer);
    return answer.key;
  };
  return {
    shared: () => key('shared'),
    ratchet: () => key('ratchet'),
    next: () => key('next'),
    use: async next => {
      await link.ask({ kind: 'use', key: next });
    },
  };
}

function unexpected({ kind }: Answer): EncryptionError {
  return new EncryptionError('worker_failed', `The worker answered something else: ${kind}.`);
}

function endOf<End extends TrackEnd>(tracks: ReadonlyMap<End, number>, track: number): End | undefined {
  for (const [end, id] of tracks) if (id === track) return end;
  return undefined;
}

function countsOf<End extends TrackEnd, Counts>(
  tracks: ReadonlyMap<End, number>,
  counts: ReadonlyMap<number, Counts>,
): ReadonlyMap<End, Counts> {
  const found = new Map<End, Counts>();
  for (const [end, track] of tracks) {
    const ofTrack = counts.get(track);
    if (ofTrack !== undefined) found.set(end, ofTrack);
  }
  return found;
}
