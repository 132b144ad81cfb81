import { render } from 'preact';
import { AppModel } from './app-model.ts';
import { App } from './app.tsx';
import { readEmbedding } from './embedded/address.ts';
import { HostLine } from './embedded/host-line.ts';
import { inspect } from './inspection.ts';
import { callFragment, parseLink } from './link.ts';
import { loadSession, saveSession } from './stored-session.ts';
import './styles/base.css';
import './styles/gate.css';
import './styles/lobby.css';
import './styles/call.css';

const embedded = readEmbedding(location.hash, location.search);
// The host may speak before all that is below has come.
const line = embedded.kind === 'embedded' ? new HostLine(embedded.embedding.hostOrigin, window) : undefined;
const link = parseLink(location.hash, location.search);
if (link.loginToken !== undefined && link.target === undefined) {
  const { fragment } = loadSession();
  link.target = fragment === undefined ? undefined : parseLink(fragment, '').target;
}
const app = new AppModel(link, embedded.kind !== 'own');
if (embedded.kind === 'own') {
  // Tokens must not stay where they can be read over a shoulder or copied along.
  history.replaceState(null, '', `${location.pathname}${link.target === undefined ? '' : callFragment(link.target)}`);
  saveSession({ fragment: undefined });
}

window.weir = inspect(app);
window.addEventListener('pagehide', () => {
  app.call?.leave({ keepAlive: true });
  app.media.capture.stop();
});
window.addEventListener('hashchange', () => {
  // A link pasted into the address bar of this tab.
  if (parseLink(location.hash, '').target !== undefined) location.reload();
});

const root = document.getElementById('app');
if (root !== null) render(<App app={app} />, root);
if (embedded.kind === 'own') app.start(link.loginToken);
else if (embedded.kind === 'incomplete') app.refuseAddress(embedded.missing);
else if (window.parent === window) app.refuseAddress(['the app around it']);
else if (line !== undefined) {
  const { theme } = embedded.embedding;
  if (theme !== undefined) document.documentElement.style.colorScheme = theme;
  app.startEmbedded(embedded.embedding, line);
}
