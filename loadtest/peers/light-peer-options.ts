import type { CallRoom, FocusDevice, MatrixDevice } from './call-place.ts';
import type { Media } from './datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents } from './endpoint.ts';
import type { Subscribe } from './subscriptions.ts';

export interface LightPeerOptions {
  baseUrl: string;
  user: MatrixDevice;
  focus: FocusDevice;
  room: CallRoom;
  /** libdatachannel unless given; `media` and `bindAddress` are for that one. */
  endpoint?: (events: EndpointEvents) => Endpoint;
  media?: Media;
  bindAddress?: string;
  /** Has neither camera nor microphone. */
  viewsOnly?: boolean;
  /** All unless given. */
  subscribe?: Subscribe;
  /** Sends those layers alone that the focus wants (`org.weir.layers_wanted`), as the call page does. */
  obeysLayersWanted?: boolean;
  /** Changes each description of the focus before the endpoint takes it: see via-relay.ts. */
  rewriteCandidates?: (sdp: string) => string;
  /** Does not write its member event. */
  unlisted?: boolean;
  /** Names the room in the invite. */
  namesRoom?: boolean;
}
