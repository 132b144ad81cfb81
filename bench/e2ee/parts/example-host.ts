/** The example of a chat client that shows the call page as a widget: built and served. */
import { join, resolve } from 'node:path';
import type { Call } from '../../../demo/check/call.ts';
import type { Participant } from '../../../demo/check/participant.ts';
import type { MatrixUser } from '../../../demo/synapse.ts';

const CLIENT = resolve(import.meta.dirname, '..', '..', '..', 'client');
const PAGE = 'example/host/host.html';
const APPEARS_WITHIN_MS = 45_000;

export interface ExampleHost extends AsyncDisposable {
  /** That the focus has to let embed its page. */
  readonly origin: string;
  /** The host's page, where this user is in the call. */
  open(call: Call, user: MatrixUser): Promise<Participant['page']>;
}

/** @param folder for what is built */
export async function serveExampleHost(folder: string): Promise<ExampleHost> {
  const { build, preview } = await import('vite');
  const options = { root: CLIENT, configFile: false, base: './', logLevel: 'error' } as const;
  const input = join(CLIENT, PAGE);
  await build({ ...options, build: { outDir: folder, target: 'chrome120', rolldownOptions: { input } } });
  const server = await preview({ ...options, build: { outDir: folder }, preview: { host: '127.0.0.1', port: 0 } });
  const address = server.httpServer.address();
  if (typeof address !== 'object' || address === null) throw new Error('the example host is served nowhere');
  const origin = `http://localhost:${address.port}`;
  return {
    origin,
    open: (call, user) => openIn(call, user, `${origin}/${PAGE}`),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Signs in there, and joins in the page that it embeds. */
async function openIn(call: Call, user: MatrixUser, url: string): Promise<Participant['page']> {
  const { synapse, focus, room } = call.deployment;
  const page = await call.chromium.openPage();
  await page.goto(url);
  const said = { homeserver: synapse.baseUrl, token: user.accessToken, room: room.roomId, page: focus.baseUrl };
  for (const [name, text] of Object.entries(said)) await page.type(`[name=${name}]`, text);
  await page.click('form button');
  const timeout = APPEARS_WITHIN_MS;
  const widget = await page.waitForFrame(frame => frame.url().startsWith(focus.baseUrl), { timeout });
  await widget.waitForSelector('#join:not([disabled])', { timeout });
  await widget.click('#join');
  const joinedAt = performance.now();
  await widget.waitForFunction(
    count => {
      const shown = window.weir.participants().filter(({ video }) => (video?.videoWidth ?? 0) > 0);
      return shown.filter(({ cannotDecrypt }) => cannotDecrypt === undefined).length >= count;
    },
    { timeout },
    call.participants.length,
  );
  call.progress.tell(`the widget shows everybody after ${Math.round(performance.now() - joinedAt)} ms`);
  return page;
}
