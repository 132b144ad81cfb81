import type { types } from 'mediasoup';
import { needsDependencies } from '../../signalling/sdp/codecs.ts';
import { type Capabilities, EXTENSION, isHeaderExtension, type RtpCodec } from '../../signalling/sdp/rtp.ts';
import type { ReceivingSection } from '../../signalling/sdp/sections.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { OfferedTrack, Served } from '../ports.ts';
import type { SubscriptionKey, TrackRef } from '../session.ts';
import { FULL_SCORE, preferred } from './consumers.ts';
import type { Logger } from './options.ts';
import type { Publication } from './publication.ts';
import type { ConferenceRouter } from './routers/conference-router.ts';
import type { Hold } from './routers/piped-track.ts';

const PROTOCOL = 'UDP/TLS/RTP/SAVPF';

interface Steering {
  layer: number;
  paused: boolean;
  priority: number;
}

function steeringOf({ layer, paused, priority }: Served, publication: Publication): Steering {
  return { layer: Math.min(layer ?? 0, publication.layers.length - 1), paused, priority };
}

function plainParameters(parameters: Record<string, unknown> | undefined): RtpCodec['parameters'] {
  return Object.fromEntries(
    Object.entries(parameters ?? {}).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
}

export interface SentTrackEvents {
  /** The layer that flows has changed. */
  shown(track: SubscriptionKey, layer: number | undefined): void;
  /** The client reports that packets of it are lost. */
  suffers(): void;
}

interface Settings {
  mid: string;
  /** The viewer's. */
  router: ConferenceRouter;
  transport: types.WebRtcTransport;
  capabilities: Capabilities;
  logger: Logger;
  events: SentTrackEvents;
}

/** One track on its way to one client. */
export class SentTrack {
  readonly key: SubscriptionKey;
  readonly publication: Publication;
  readonly mid: string;
  /** Whether the receiver's own estimate (REMB) decides how much of it is sent. */
  readonly followsRemb: boolean;
  /** Ids that the client knows it by. */
  readonly #ref: TrackRef;
  readonly #consumer: types.Consumer;
  /** On the track, on the viewer's router. */
  readonly #hold: Hold;
  readonly #logger: Logger;
  readonly #capabilities: Capabilities;
  #section: ReceivingSection | undefined;
  #wanted: Steering;
  #applied: Steering;
  /** Whether the client takes it: not before it agreed to the section. */
  #taken = false;
  /** Whether it waits for the link's queue to drain. */
  #held = false;

  static async make(track: OfferedTrack, publication: Publication, settings: Settings): Promise<SentTrack> {
    const { mid, transport, router, capabilities } = settings;
    const wanted = steeringOf(track, publication);
    const hold = await publication.reach.hold(router);
    const consuming = transport.consume({
      producerId: publication.producer.id,
      rtpCapabilities: capabilities,
      mid,
      paused: true,
      // Audio, too: a lost packet is worth asking for again, and viewers that offer no nack do not.
      enableRtx: true,
      ...(publication.layers.length > 1 ? { preferredLayers: preferred(wanted.layer) } : {}),
    });
    consuming.catch(() => hold.release());
    const sent = new SentTrack(track, publication, await consuming, hold, wanted, settings);
    sent.#guard(sent.#consumer.setPriority(wanted.priority));
    return sent;
  }

  private constructor(
    track: OfferedTrack,
    publication: Publication,
    consumer: types.Consumer,
    hold: Hold,
    wanted: Steering,
    { mid, logger, capabilities, events }: Settings,
  ) {
    this.key = track.key;
    this.#ref = track.ref;
    this.publication = publication;
    this.mid = mid;
    this.#consumer = consumer;
    this.#hold = hold;
    this.#logger = logger;
    this.#capabilities = capabilities;
    this.#wanted = wanted;
    this.#applied = { ...wanted, paused: true };
    // Asked once: what mediasoup gives is a copy each time, and this is looked at each second.
    this.followsRemb = consumer.rtpParameters.codecs.some(({ rtcpFeedback = [] }) =>
      rtcpFeedback.some(({ type }) => type === 'goog-remb'),
    );
    if (publication.kind === 'video')
      consumer.on('layerschange', layers => events.shown(track.key, layers?.spatialLayer));
    // Of receiver reports (RFC 3550 section 6.4.1): told at each change, with nobody asking.
    consumer.on('score', ({ score }) => {
      if (score < FULL_SCORE) events.suffers();
    });
  }

  /** Whether video of it is to flow now. */
  get wantsVideo(): boolean {
    return this.publication.kind === 'video' && !this.closed && !this.#applied.paused;
  }

  /** True once its track is gone, or its transport; the consumer hears of its producer's end only later. */
  get closed(): boolean {
    return this.#consumer.closed || this.publication.producer.closed;
  }

  adjust(served: Served): void {
    this.#wanted = steeringOf(served, this.publication);
    this.#steer();
  }

  /** Sends nothing of a picture until it is released, and forgets what could be sent again. */
  hold(): void {
    if (this.publication.kind !== 'video' || this.closed) return;
    this.#held = true;
    this.publication.gate.forget(this);
    this.#pause();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#steer();
  }

  /**
   * Forgets what could be sent again. On a link that has become too narrow most packets are lost, and each would be asked for,
   * and sent, several times: many times what the link carries. A pause is what makes the worker forget.
   */
  forgetSent(): void {
    if (this.closed || this.#applied.paused) return;
    this.#guard(this.#consumer.pause());
    this.#guard(this.#consumer.resume());
  }

  /** The client takes it, or holds it. */
  open(taken: boolean): void {
    this.#taken = taken;
    this.#steer();
  }

  close(): void {
    this.publication.gate.forget(this);
    this.#consumer.close();
    this.#hold.release();
  }

  /** The same in each offer: it is made once, however many follow. */
  describe(): ReceivingSection {
    this.#section ??= this.#describe();
    return this.#section;
  }

  #describe(): ReceivingSection {
    const { codecs, headerExtensions = [], encodings = [], rtcp } = this.#consumer.rtpParameters;
    return {
      kind: 'receiving',
      mid: this.mid,
      media: this.publication.kind,
      direction: 'sendonly',
      body: {
        protocol: PROTOCOL,
        codecs: codecs.map(({ mimeType, payloadType, clockRate, channels, parameters, rtcpFeedback }) => ({
          mimeType,
          payloadType,
          clockRate,
          ...(channels === undefined ? {} : { channels }),
          parameters: plainParameters(parameters),
          rtcpFeedback: rtcpFeedback ?? [],
        })),
        extensions: [
          ...headerExtensions.flatMap(({ uri, id }) => (isHeaderExtension(uri) ? { uri, id } : [])),
          ...(codecs.some(needsDependencies) ? this.#dependencies() : []),
        ],
      },
      sent: { track: this.#ref, encodings, cname: rtcp?.cname ?? '' },
    };
  }

  /** The media engine writes it into every packet that had it, and does not say so. */
  #dependencies(): ReceivingSection['body']['extensions'] {
    const known = this.#capabilities.headerExtensions.find(({ uri }) => uri === EXTENSION.dependencyDescriptor);
    return known === undefined ? [] : [{ uri: known.uri, id: known.preferredId }];
  }

  #steer(): void {
    if (this.closed) return;
    if (this.#applied.priority !== this.#wanted.priority) {
      this.#applied.priority = this.#wanted.priority;
      this.#guard(this.#consumer.setPriority(this.#wanted.priority));
    }
    const paused = this.#wanted.paused || this.#held || !this.#taken;
    if (paused) {
      this.publication.gate.forget(this);
      this.#pause();
      return;
    }
    if (!this.#applied.paused && this.#applied.layer === this.#wanted.layer) {
      this.publication.gate.forget(this);
      return;
    }
    // Audio needs no keyframe.
    if (this.publication.kind === 'audio') this.#apply();
    else this.publication.gate.pass(this, () => this.#apply());
  }

  #pause(): void {
    if (this.#applied.paused) return;
    this.#applied.paused = true;
    this.#hold.flow(false);
    this.#guard(this.#consumer.pause());
  }

  #apply(): void {
    if (this.closed) return;
    const { layer } = this.#wanted;
    if (this.#applied.layer !== layer) {
      this.#applied.layer = layer;
      this.#guard(this.#consumer.setPreferredLayers(preferred(layer)));
    }
    if (this.#applied.paused) {
      this.#applied.paused = false;
      this.#hold.flow(true);
      this.#guard(this.#consumer.resume());
    }
  }

  #guard(request: Promise<unknown>): void {
    request.catch((thrown: unknown) => {
      if (!this.closed) this.#logger.warn({ mid: this.mid, error: asWeirError(thrown).message }, 'consumer refused');
    });
  }
}
