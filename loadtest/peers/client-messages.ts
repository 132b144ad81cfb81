/** To-device messages of a client, with the keys that the recorded clients send. */
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import { STREAMS_CHANGED } from '../../signalling/wire/streams-changed.ts';
import type { FocusDevice } from './call-place.ts';

/** The call that a peer speaks about, and to whom. */
export interface CallAddress {
  userId: string;
  deviceId: string;
  sessionId: string;
  callId: string;
  confId: string;
  focus: FocusDevice;
}

export interface ClientEvent {
  type: string;
  content: Record<string, unknown>;
}

function common(call: CallAddress): Record<string, unknown> {
  return {
    version: '1',
    call_id: call.callId,
    party_id: call.deviceId,
    conf_id: call.confId,
    device_id: call.deviceId,
    sender_session_id: call.sessionId,
    dest_session_id: 'sfu',
  };
}

export function inviteEvent(call: CallAddress, sdp: string, metadata: StreamMetadata, roomId?: string): ClientEvent {
  return {
    type: 'm.call.invite',
    content: {
      ...common(call),
      lifetime: 60_000,
      invitee: call.focus.userId,
      offer: { type: 'offer', sdp },
      capabilities: { 'm.call.transferee': false, 'm.call.dtmf': false, [STREAMS_CHANGED]: true },
      'org.matrix.msc3077.sdp_stream_metadata': metadata,
      ...(roomId === undefined ? {} : { 'org.weir.room_id': roomId }),
      seq: 0,
    },
  };
}

export function selectAnswerEvent(call: CallAddress): ClientEvent {
  return { type: 'm.call.select_answer', content: { ...common(call), selected_party_id: call.focus.deviceId, seq: 1 } };
}

export function hangupEvent(call: CallAddress): ClientEvent {
  return { type: 'm.call.hangup', content: { ...common(call), reason: 'user_hangup', seq: 2 } };
}

/** To-device twin of the control channel's m.call.negotiate. */
export function negotiateEvent(
  call: CallAddress,
  description: { type: 'offer' | 'answer'; sdp: string },
  metadata: StreamMetadata,
): ClientEvent {
  return {
    type: 'm.call.negotiate',
    content: { ...common(call), description, 'org.matrix.msc3077.sdp_stream_metadata': metadata },
  };
}

/** Content of the member event of a user with one device in a call (MSC3401). */
export function memberContent(call: CallAddress, now: number): Record<string, unknown> {
  return {
    'm.calls': [
      {
        'm.call_id': call.confId,
        'm.devices': [
          {
            device_id: call.deviceId,
            session_id: call.sessionId,
            expires_ts: now + 3_600_000,
            feeds: [{ purpose: 'm.usermedia' }],
            'org.matrix.msc3898.foci.active': [{ user_id: call.focus.userId, device_id: call.focus.deviceId }],
            'org.matrix.msc3898.foci.preferred': [],
          },
        ],
      },
    ],
  };
}
