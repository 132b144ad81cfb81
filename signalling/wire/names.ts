/**
 * Event types and content keys under their unstable and stable names.
 *
 * Readers accept every name of a list; writers use the first, which is the one that clients in the field speak.
 */

/** State event that announces a conference in a room (MSC3401, "m.call"); state_key = conf_id. */
export const CALL_EVENT_TYPES = ['org.matrix.msc3401.call', 'm.call'] as const;

/** State event in which a member lists its devices in calls (MSC3401, "m.call.member"); state_key = user id. */
export const CALL_MEMBER_EVENT_TYPES = ['org.matrix.msc3401.call.member', 'm.call.member'] as const;

/** To-device events between the clients of a call (extension): the key of its encrypted media, and the wish for it. */
export const MEDIA_KEY_TYPE = 'org.weir.call.media_key';
export const MEDIA_KEY_REQUEST_TYPE = 'org.weir.call.media_key_request';

/** Stream metadata beside an offer or an answer (MSC3077). */
export const STREAM_METADATA_KEYS = ['org.matrix.msc3077.sdp_stream_metadata', 'sdp_stream_metadata'] as const;

/** The foci that a device publishes to now (MSC3898). */
export const FOCI_ACTIVE_KEYS = ['org.matrix.msc3898.foci.active', 'm.foci.active'] as const;

/** The foci that a device would like to use (MSC3898). */
export const FOCI_PREFERRED_KEYS = ['org.matrix.msc3898.foci.preferred', 'm.foci.preferred'] as const;

/** A focus names this session id as its own: clients in the field address it so. */
export const FOCUS_SESSION_ID = 'sfu';

/** Label of the data channel that carries MSC3898's messages. */
export const CONTROL_CHANNEL_LABEL = 'datachannel';

/** Version of the VoIP messages that this focus speaks (MSC2746). */
export const VOIP_VERSION = '1';
