import type { GrantedTrack } from '../../signalling/wire/streams.ts';
import type { CallRoom, FocusDevice, MatrixDevice } from './call-place.ts';
import type { Media } from './datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents } from './endpoint.ts';
import type { SignallingLink } from './signalling-link.ts';
import type { ChooseTracks, Subscribe } from './subscriptions.ts';

export interface LightPeerOptions {
  baseUrl: string;
  user: MatrixDevice;
  focus: FocusDevice;
  room: CallRoom;
  /** libdatachannel unless given; `media` and `bindAddress` are for that one. */
  endpoint?: (events: EndpointEvents) => Endpoint;
  media?: Media;
  bindAddress?: string;
  /** Its way to the focus and the homeserver; a sync loop of its own unless given. */
  link?: SignallingLink;
  /** Has neither camera nor microphone. */
  viewsOnly?: boolean;
  /** Which of the two it has; both unless given. */
  publishes?: readonly ('audio' | 'video')[];
  /** Is told what the focus grants of what is wanted (`org.weir.allocation`), where the focus has that. */
  onGrants?: (tracks: readonly GrantedTrack[]) => void;
  /** All unless given. */
  subscribe?: Subscribe | ChooseTracks;
  /** Sends those layers alone that the focus wants (`org.weir.layers_wanted`), as the call page does. */
  obeysLayersWanted?: boolean;
  /** Changes each description of the focus before the endpoint takes it: see via-relay.ts. */
  rewriteCandidates?: (sdp: string) => string;
  /** Says of its streams that they are encrypted, in the frame format of this name. It sends what it sends. */
  encryption?: string;
  /** Does not write its member event. */
  unlisted?: boolean;
  /** Names the room in the invite. */
  namesRoom?: boolean;
}
