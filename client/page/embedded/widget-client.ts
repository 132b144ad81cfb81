/** The client of this page where another app shows it: all goes by that app. Loaded apart from the rest, since it is large. */
import { RoomWidgetClient } from 'matrix-js-sdk/lib/embedded.js';
import { MemoryStore } from 'matrix-js-sdk/lib/store/memory.js';
import { EventDirection, WidgetApi, WidgetEventCapability } from 'matrix-widget-api';
import { callCapabilities, problem, type ProblemCode, ProblemError, WidgetHomeserver } from '../../kit/index.ts';
import type { EnteredRoom } from '../call-client.ts';
import { SILENT, silenceLibrary } from '../silent-library.ts';
import type { Embedding } from './address.ts';
import { HostActions } from './host-actions.ts';
import type { HostLine } from './host-line.ts';

/** A host is on this machine: it answers at once, or it is none. */
const HOST_ANSWERS_MS = 15_000;
/** It may ask a person what to allow. */
const HOST_ALLOWS_MS = 180_000;
const HOST_TELLS_ROOM_MS = 60_000;

export interface EnteredAsWidget extends EnteredRoom {
  host: HostActions;
}

/** Enters the room that the host shows us in, as whom the host says. Rejects with HOST_SILENT or HOST_REFUSED. */
export async function enterAsWidget(embedding: Embedding, line: HostLine): Promise<EnteredAsWidget> {
  const { widgetId, hostOrigin, roomId, userId, deviceId, homeserverUrl } = embedding;
  silenceLibrary();
  const api = new WidgetApi(widgetId, hostOrigin);
  silenceTransport(api, hostOrigin);
  const isReady = new Promise<void>(resolve => {
    api.once('ready', () => resolve());
  });
  const client = new RoomWidgetClient(
    api,
    callCapabilities(userId),
    roomId,
    { baseUrl: homeserverUrl, userId, deviceId, store: new MemoryStore(), logger: SILENT, disableVoip: true },
    false,
  );
  const homeserver = new WidgetHomeserver(client);
  const close = (): void => {
    // It knows how to stop only once it was started.
    if (client.getSyncState() !== null) client.stopClient();
    api.transport.stop();
    line.close();
  };
  try {
    // Some hosts begin when they are told, others when the frame is loaded: those refuse to be told.
    api.sendContentLoaded().catch(() => undefined);
    line.open();
    await within(line.heard, HOST_ANSWERS_MS, 'HOST_SILENT');
    await within(isReady, HOST_ALLOWS_MS, 'HOST_REFUSED');
    const refused = neededCapabilities(userId).filter(capability => !api.hasCapability(capability));
    if (refused.length > 0) throw new ProblemError(problem('HOST_REFUSED', `Not allowed: ${refused.join(', ')}`));
    await within(client.startClient({ threadSupport: false }), HOST_TELLS_ROOM_MS, 'HOST_SILENT');
    return { homeserver, roomId, close, host: new HostActions(api) };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

/**
 * Without these there is no call. `m.room.encryption` is among them: of an encrypted room we would not know that it is one. The
 * rest (relays, names, who may do what) makes calls better.
 */
function neededCapabilities(userId: string): string[] {
  const { sendState = [], receiveState = [], sendToDevice = [], receiveToDevice = [] } = callCapabilities(userId);
  const { Send, Receive } = EventDirection;
  const isNeeded = (type: string): boolean => type === 'm.room.encryption' || /call\.member$/.test(type);
  return [
    ...sendState.flatMap(({ eventType, stateKey }) =>
      isNeeded(eventType) ? [WidgetEventCapability.forStateEvent(Send, eventType, stateKey).raw] : [],
    ),
    ...receiveState.flatMap(({ eventType }) =>
      isNeeded(eventType) ? [WidgetEventCapability.forStateEvent(Receive, eventType).raw] : [],
    ),
    ...sendToDevice.map(type => WidgetEventCapability.forToDeviceEvent(Send, type).raw),
    ...receiveToDevice.map(type => WidgetEventCapability.forToDeviceEvent(Receive, type).raw),
  ];
}

/** The transport writes all that it sends to the console, keys of media too. */
function silenceTransport({ transport }: WidgetApi, hostOrigin: string): void {
  if (!('sendInternal' in transport)) throw new TypeError('The widget API sends in another way now.');
  Reflect.set(transport, 'sendInternal', (message: unknown) => window.parent.postMessage(message, hostOrigin));
}

async function within<T>(answer: Promise<T>, ms: number, otherwise: ProblemCode): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ProblemError(problem(otherwise))), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
