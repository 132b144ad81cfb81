/** Publishers of a scenario: peers that obey what the focus says of layers that nobody wants. */
import { ChromiumEndpoint } from '../peers/chromium-endpoint.ts';
import { DatachannelEndpoint, type Media } from '../peers/datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents, TrackIds } from '../peers/endpoint.ts';
import { LightPeer, type LightPeerOptions } from '../peers/light-peer.ts';
import type { LoadBrowser } from '../peers/load-browser.ts';
import { type Address, candidateOf, viaRelay } from '../peers/via-relay.ts';
import { until } from '../peers/until.ts';

export const CONNECTS_WITHIN_MS = 20_000;

/** What every peer of a call has. */
export type PeerPlace = Pick<LightPeerOptions, 'baseUrl' | 'user' | 'focus' | 'room'>;

export interface Publisher {
  readonly name: string;
  readonly peer: LightPeer;
  /** Where the focus listens for media. */
  readonly focusAddress: Address;
}

/** Without a browser; resolves when it is connected. */
export async function joinRecorded(name: string, place: PeerPlace, media: Media): Promise<Publisher> {
  return joinWith(name, place, undefined, events => new DatachannelEndpoint(events, { media }));
}

export interface BrowserPublisher extends Publisher {
  readonly endpoint: ChromiumEndpoint;
}

/** A page with a fake camera, behind a relay where one is given; resolves when it is connected. */
export async function joinBrowser(
  name: string,
  place: PeerPlace,
  browser: LoadBrowser,
  relay?: Address,
): Promise<BrowserPublisher> {
  const endpoint = await ChromiumEndpoint.open(browser);
  try {
    return { ...(await joinWith(name, place, relay, events => endpoint.attach(events))), endpoint };
  } catch (error) {
    endpoint.close();
    throw error;
  }
}

async function joinWith(
  name: string,
  place: PeerPlace,
  relay: Address | undefined,
  endpointOf: (events: EndpointEvents) => Endpoint,
): Promise<Publisher> {
  let focusAddress: Address | undefined;
  const peer = new LightPeer({
    ...place,
    subscribe: 'nothing',
    obeysLayersWanted: true,
    endpoint: endpointOf,
    rewriteCandidates: sdp => {
      focusAddress ??= candidateOf(sdp);
      return relay === undefined ? sdp : viaRelay(sdp, relay);
    },
  });
  try {
    await peer.join();
    await until(`${name} connects`, CONNECTS_WITHIN_MS, () => peer.isConnected() && peer.hasControl());
    if (focusAddress === undefined) throw new Error(`The focus told ${name} no address.`);
    return { name, peer, focusAddress };
  } catch (error) {
    await peer.vanish();
    throw error;
  }
}

/** Tracks of a peer's stream by their kind, as another participant was told of them; undefined until it was. */
export function streamOf(
  viewer: LightPeer,
  streamId: string,
): { audio: TrackIds | undefined; video: TrackIds | undefined } | undefined {
  const tracks = Object.entries(viewer.metadata[streamId]?.tracks ?? {});
  if (tracks.length === 0) return undefined;
  const ofKind = (kind: 'audio' | 'video'): TrackIds | undefined => {
    const found = tracks.find(([, track]) => track.kind === kind);
    return found && { streamId, trackId: found[0] };
  };
  return { audio: ofKind('audio'), video: ofKind('video') };
}
