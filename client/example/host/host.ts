/** A chat client that shows the call page of a focus as a widget: nobody signs in a second time. Told in docs/embedding.md. */
import { ClientEvent, createClient, type MatrixClient, RoomStateEvent } from 'matrix-js-sdk';
import { ClientWidgetApi, type IRoomEvent, type IWidgetApiRequest, Widget } from 'matrix-widget-api';
import { RoomDriver } from './driver.ts';

/** Behind the #, so that the focus is not sent it. The rest is put in by `getCompleteUrl`. */
const VARIABLES = [
  'roomId=$matrix_room_id',
  'userId=$matrix_user_id',
  'deviceId=$org.matrix.msc3819.matrix_device_id',
  'baseUrl=$org.matrix.msc4039.matrix_base_url',
  'theme=$org.matrix.msc2873.client_theme',
];

const find = (id: string): HTMLElement => document.getElementById(id) ?? document.body;
const say = (text: string): void => {
  find('state').textContent = text;
};

find('door').addEventListener('submit', event => {
  event.preventDefault();
  const [baseUrl = '', accessToken = '', roomId = '', page = ''] = [...document.querySelectorAll('input')].map(
    ({ value }) => value,
  );
  signIn(baseUrl, accessToken)
    .then(client => show(client, roomId, page))
    .catch((thrown: unknown) => say(String(thrown)));
});

async function signIn(baseUrl: string, accessToken: string): Promise<MatrixClient> {
  say('signing in');
  const { user_id: userId, device_id: deviceId } = await createClient({ baseUrl, accessToken }).whoami();
  if (deviceId === undefined) throw new Error('The token belongs to no device.');
  const client = createClient({ baseUrl, accessToken, userId, deviceId });
  await client.initRustCrypto();
  const synced = new Promise<void>(resolve => {
    client.once(ClientEvent.Sync, () => resolve());
  });
  await client.startClient({ lazyLoadMembers: true });
  await synced;
  return client;
}

function show(client: MatrixClient, roomId: string, page: string): void {
  const url = `${page}/?embed#/call?${VARIABLES.join('&')}`;
  const userId = client.getSafeUserId();
  const widget = new Widget({ id: 'call', creatorUserId: userId, type: 'm.custom', url });
  const address = new URL(
    widget.getCompleteUrl({
      widgetRoomId: roomId,
      currentUserId: userId,
      deviceId: client.getDeviceId() ?? '',
      baseUrl: client.getHomeserverUrl(),
      clientTheme: 'light',
    }),
  );
  address.searchParams.set('widgetId', widget.id);
  address.searchParams.set('parentUrl', location.href);

  const frame = document.createElement('iframe');
  frame.allow = 'camera; microphone; display-capture; autoplay; fullscreen';
  find('call').replaceChildren(frame);
  const api = new ClientWidgetApi(widget, frame, new RoomDriver(client, roomId));
  // The transport writes to the console what it sends, and that has keys in it.
  Reflect.set(api.transport, 'sendInternal', (message: unknown) =>
    frame.contentWindow?.postMessage(message, widget.origin),
  );
  feed(client, api);
  follow(api, 'io.element.join', () => say('in the call'));
  follow(api, 'im.vector.hangup', () => say('left'));
  follow(api, 'io.element.device_mute', () => undefined);
  say('showing the call');
  frame.src = address.href;
}

/** What the widget hears. It gets of it what the driver allowed. */
function feed(client: MatrixClient, api: ClientWidgetApi): void {
  client.on(ClientEvent.ReceivedToDeviceMessage, ({ message, encryptionInfo }) => {
    api.feedToDevice(message, encryptionInfo !== null).catch(() => undefined);
  });
  client.on(RoomStateEvent.Events, event => {
    api.feedStateUpdate(event.getEffectiveEvent() as IRoomEvent).catch(() => undefined);
  });
}

/** Actions that the API itself does not know. */
function follow(api: ClientWidgetApi, action: string, act: () => void): void {
  api.on(`action:${action}`, (event: CustomEvent<IWidgetApiRequest>) => {
    event.preventDefault();
    api.transport.reply(event.detail, {});
    act();
  });
}
