/** A whole call page: sign in with an access token, join, see and hear the others, mute, leave. Shown in docs/kit.md. */
import { createClient } from 'matrix-js-sdk';
import { joinCall, type JoinedCall, problemOf } from '../kit/index.ts';

const find = (id: string): HTMLElement => document.getElementById(id) ?? document.body;

find('door').addEventListener('submit', event => {
  event.preventDefault();
  const [baseUrl = '', accessToken = '', roomId = ''] = [...document.querySelectorAll('input')].map(
    ({ value }) => value,
  );
  enter(baseUrl, accessToken, roomId).catch((thrown: unknown) => {
    find('state').textContent = problemOf(thrown).title;
  });
});

async function enter(baseUrl: string, accessToken: string, roomId: string): Promise<void> {
  const { user_id: userId, device_id: deviceId } = await createClient({ baseUrl, accessToken }).whoami();
  if (deviceId === undefined) throw new Error('The token belongs to no device.');
  const client = createClient({ baseUrl, accessToken, userId, deviceId });
  await client.startClient({ lazyLoadMembers: true });
  const call = await joinCall(client, roomId);
  call.onChange(() => draw(call));
  call.setMicrophone(true);
  call.setCamera(true);
  find('microphone').onclick = () => call.setMicrophone(call.capture.audioMuted);
  find('leave').onclick = () => call.leave();
  window.addEventListener('pagehide', () => call.leave({ keepAlive: true }));
}

/** One video for each stream of the others; how large it is drawn is how large it is asked for. */
const tiles = new Map<string, { video: HTMLVideoElement; detach: () => void }>();

function draw(call: JoinedCall): void {
  find('state').textContent = call.state.kind;
  for (const stream of call.streams) {
    if (tiles.has(stream.streamId)) continue;
    const video = document.createElement('video');
    find('tiles').append(video);
    tiles.set(stream.streamId, { video, detach: call.attach(stream, video) });
  }
  for (const [streamId, { video, detach }] of tiles) {
    if (call.streams.some(stream => stream.streamId === streamId)) continue;
    detach();
    video.remove();
    tiles.delete(streamId);
  }
}
