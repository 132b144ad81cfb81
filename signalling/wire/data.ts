/** Application data (extension): which data channels there are, who wants which, and whose a forwarded channel is. */
import { Type } from 'typebox';
import { ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** Labels that one participant may subscribe to. */
export const MAX_DATA_LABELS = 32;
/** Bytes (UTF-8) of the label or the protocol of a channel that is forwarded. */
export const MAX_DATA_LABEL_BYTES = 128;
/** Channels that one `org.weir.data_channels` names to a client. */
export const MAX_DATA_CHANNELS_TOLD = 128;
/** Labels that one focus subscribes to at another, for all of its clients; and channels that it names to it. */
export const MAX_DATA_LABELS_ACROSS = 256;
export const MAX_DATA_CHANNELS_ACROSS = 256;

/** Whose channel it is. Never the same for two channels of a conference, even where a stream id is used again. */
export interface DataPublisher {
  userId: string;
  deviceId: string;
  /** New for each channel that a session opens. */
  channelId: number;
  /** As the publisher opened it; absent where it named none. */
  protocol?: string;
}

/** A data channel of a participant. */
export interface DataChannelInfo extends DataPublisher {
  label: string;
  ordered: boolean;
  /** False: opened with a limit of retransmissions or of lifetime. */
  reliable: boolean;
}

export type DataMessage =
  /** `org.weir.data_subscription`, client to focus: all labels that it wants from now on. */
  | { kind: 'data_subscription'; labels: string[] }
  /** `org.weir.data_channels`, focus to client: the channels of all others, those of its labels first. */
  | { kind: 'data_channels'; channels: DataChannelInfo[] }
  /** `org.weir.data_ended`, focus to focus: a channel is not carried any more, and why, until its label is asked for again. */
  | { kind: 'data_ended'; channelId: number; code: string };

const PublisherWire = {
  user_id: Id,
  device_id: Id,
  channel_id: Type.Integer({ minimum: 0 }),
  protocol: Type.Optional(Type.String({ maxLength: MAX_DATA_LABEL_BYTES })),
};

const parseSubscription = parserOf(
  'org.weir.data_subscription',
  // Longer than what is granted, so that too much is answered as such.
  Type.Object({ labels: Type.Array(Type.String({ maxLength: 4_096 }), { maxItems: 1_024 }) }),
);
const parseChannels = parserOf(
  'org.weir.data_channels',
  Type.Object({
    channels: Type.Array(
      Type.Object({
        ...PublisherWire,
        label: Type.String({ maxLength: MAX_DATA_LABEL_BYTES }),
        ordered: Type.Boolean(),
        reliable: Type.Boolean(),
      }),
      { maxItems: MAX_DATA_CHANNELS_ACROSS },
    ),
  }),
);
const parseEnded = parserOf('org.weir.data_ended', Type.Object({ channel_id: PublisherWire.channel_id, code: Id }));
const parsePublisher = parserOf('protocol of a data channel', Type.Object(PublisherWire));

/** Bytes of a text on the wire. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The message of a type in this room; `undefined` for other types. */
export function parseDataMessage(type: string, content: object): Parsed<DataMessage> | undefined {
  switch (type) {
    case 'org.weir.data_subscription': {
      const parsed = parseSubscription(content);
      return parsed.kind === 'bad' ? parsed : ok({ kind: 'data_subscription', labels: parsed.value.labels });
    }
    case 'org.weir.data_channels': {
      const parsed = parseChannels(content);
      if (parsed.kind === 'bad') return parsed;
      const channels = parsed.value.channels.map(({ label, ordered, reliable, ...publisher }) => ({
        label,
        ...readPublisher(publisher),
        ordered,
        reliable,
      }));
      return ok({ kind: 'data_channels', channels });
    }
    case 'org.weir.data_ended': {
      const parsed = parseEnded(content);
      if (parsed.kind === 'bad') return parsed;
      const { channel_id: channelId, code } = parsed.value;
      return ok({ kind: 'data_ended', channelId, code });
    }
    default:
      return undefined;
  }
}

/** Type and content of a message of this room. */
export function writeDataMessage(message: DataMessage): { type: string; content: Record<string, unknown> } {
  switch (message.kind) {
    case 'data_subscription':
      return { type: 'org.weir.data_subscription', content: { labels: message.labels } };
    case 'data_channels':
      return {
        type: 'org.weir.data_channels',
        content: {
          channels: message.channels.map(({ label, ordered, reliable, ...publisher }) => ({
            label,
            ...publisherBody(publisher),
            ordered,
            reliable,
          })),
        },
      };
    case 'data_ended':
      return { type: 'org.weir.data_ended', content: { channel_id: message.channelId, code: message.code } };
  }
}

/** The `protocol` (RFC 8832) of a channel that the focus opens to a subscriber. */
export function writeDataPublisher(publisher: DataPublisher): string {
  return JSON.stringify(publisherBody(publisher));
}

/** Whose a channel is that the focus opened, by its `protocol`. Never throws. */
export function parseDataPublisher(protocol: string): Parsed<DataPublisher> {
  let json: unknown;
  try {
    json = JSON.parse(protocol);
  } catch {
    json = undefined;
  }
  const parsed = parsePublisher(json);
  return parsed.kind === 'bad' ? parsed : ok(readPublisher(parsed.value));
}

interface PublisherBody {
  user_id: string;
  device_id: string;
  channel_id: number;
  protocol?: string;
}

function readPublisher({ user_id, device_id, channel_id, protocol }: PublisherBody): DataPublisher {
  return {
    userId: user_id,
    deviceId: device_id,
    channelId: channel_id,
    ...(protocol === undefined ? {} : { protocol }),
  };
}

function publisherBody({ userId, deviceId, channelId, protocol }: DataPublisher): PublisherBody {
  return {
    user_id: userId,
    device_id: deviceId,
    channel_id: channelId,
    ...(protocol === undefined ? {} : { protocol }),
  };
}
