/** The door of MSC3401 clients: what the rules want to say becomes to-device events and control messages. */
import type { News } from '../conference/messages.ts';
import { type ControlMessage, errorReply, writeControl } from '../../signalling/wire/control.ts';
import { writeSignalFrame } from '../../signalling/wire/signal.ts';
import {
  type ClientAddress,
  type ClientToDevice,
  type FocusIdentity,
  type ToDeviceEvent,
  writeAnswer,
  writeHangup,
  writeNegotiate,
} from '../../signalling/wire/to-device.ts';

/** Which way a piece of news goes, in the words of the wire. */
export type Letter = { kind: 'to-device'; event: ToDeviceEvent } | { kind: 'control'; text: string };

/** What is told to many is written once: by the news, which is one and the same for them all. */
const written = new WeakMap<News, Letter>();

export function letterOf(focus: FocusIdentity, to: ClientAddress, news: News): Letter {
  const known = written.get(news);
  if (known !== undefined) return known;
  const letter = write(focus, to, news);
  // What goes on the control channel has no address in it.
  if (letter.kind === 'control') written.set(news, letter);
  return letter;
}

function write(focus: FocusIdentity, to: ClientAddress, news: News): Letter {
  switch (news.kind) {
    case 'admission':
      return { kind: 'to-device', event: writeAnswer(focus, to, news) };
    case 'answer': {
      const description = { type: 'answer' as const, sdp: news.sdp };
      return news.by === 'to-device'
        ? { kind: 'to-device', event: writeNegotiate(focus, to, description, news.metadata) }
        : control({ kind: 'negotiate', description, metadata: news.metadata });
    }
    case 'offer':
      return control({ kind: 'negotiate', description: { type: 'offer', sdp: news.sdp }, metadata: news.metadata });
    case 'metadata':
      return control({ kind: 'metadata_changed', metadata: news.metadata });
    case 'streams_changed':
      return control(news);
    case 'error':
      return control({
        ...errorReply(news.error, news.inReplyTo),
        ...(news.tracks === undefined ? {} : { tracks: news.tracks }),
        ...(news.codec === undefined ? {} : { codec: news.codec }),
      });
    case 'streams':
    case 'floor':
    case 'floor_across':
    case 'data':
      return control(news.message);
    case 'hangup':
      return { kind: 'to-device', event: writeHangup(focus, to, news.error) };
    case 'ping':
      return control({ kind: 'ping' });
    case 'pong':
      return control({ kind: 'pong' });
  }
}

/** The same as a frame of a WebSocket: what a to-device event or a control message holds. */
export function frameOf(letter: Letter): string {
  return letter.kind === 'control' ? letter.text : writeSignalFrame(letter.event.type, letter.event.content);
}

/** What a to-device message says in the words of the control channel; `undefined` where it says nothing there. */
export function controlMessageOf(message: Exclude<ClientToDevice, { kind: 'invite' }>): ControlMessage | undefined {
  switch (message.kind) {
    case 'negotiate':
      return { kind: 'negotiate', description: message.description, metadata: message.metadata };
    case 'answer':
      return { kind: 'negotiate', description: { type: 'answer', sdp: message.sdp }, metadata: undefined };
    case 'metadata_changed':
      return { kind: 'metadata_changed', metadata: message.metadata };
    // The focus is ICE-lite: it needs no candidates; and it is the only one who answers.
    case 'candidates':
    case 'select_answer':
    case 'hangup':
      return undefined;
  }
}

function control(message: ControlMessage): Letter {
  return { kind: 'control', text: writeControl(message) };
}
