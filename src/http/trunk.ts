/** ws /v1/trunk: another focus, known by the token that it brings. Who brings none gets no WebSocket. */
import { WebSocketServer } from 'ws';
import { asWeirError, WeirError } from '../../signalling/wire/errors.ts';
import { MAX_TRUNK_FRAME_LENGTH, TRUNK_VERSIONS, trunkProtocol } from '../../signalling/wire/trunk.ts';
import { Line } from '../websocket/line.ts';
import { TRUNK_LINE_BOUNDS } from '../websocket/trunk-line.ts';
import type { CascadeDeps, HttpDeps } from './deps.ts';
import { typedError } from './errors.ts';
import { refuseUpgrade, type Upgrade, type Upgraded } from './upgrades.ts';

const MOST_SOCKETS = 1_000;
const BEARER = /^Bearer ([\w.-]{1,4096})$/i;

export function serveTrunk(cascade: CascadeDeps, deps: HttpDeps): Upgraded {
  const known = new Set(TRUNK_VERSIONS.map(trunkProtocol));
  const wss = new WebSocketServer({
    noServer: true,
    // Bytes: a character takes three at most.
    maxPayload: MAX_TRUNK_FRAME_LENGTH * 3,
    perMessageDeflate: false,
    handleProtocols: protocols => [...protocols].find(protocol => known.has(protocol)) ?? false,
  });
  wss.on('wsClientError', (_error, socket) => socket.destroy());
  const lines = new Set<Line>();
  return {
    take(upgrade) {
      try {
        const admission = admit(upgrade);
        wss.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, ws => {
          const line = new Line(ws, TRUNK_LINE_BOUNDS, own => admission.accept(own));
          lines.add(line);
          ws.on('close', () => lines.delete(line));
        });
      } catch (thrown) {
        const { status, error } = typedError(asWeirError(thrown));
        deps.countError(error.code);
        deps.log.info({ code: error.code }, `no trunk: ${error.message}`);
        refuseUpgrade(upgrade.socket, status, error);
      }
    },
    close() {
      for (const line of lines) line.close('WEIR_FOCUS_STOPPING');
      wss.close();
    },
  };

  function admit({ request }: Upgrade) {
    if (wss.clients.size >= MOST_SOCKETS) throw new WeirError('WEIR_TRUNK_LIMIT', 'there are too many trunks');
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw new WeirError('WEIR_TOKEN_REFUSED', 'there is no token');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(protocol => protocol.trim());
    if (!offered.some(protocol => known.has(protocol)))
      throw new WeirError('WEIR_TRUNK_VERSION', 'no subprotocol of the other focus is spoken here');
    const admission = cascade.admit(token);
    if (!offered.includes(trunkProtocol(admission.version)))
      throw new WeirError('WEIR_TRUNK_VERSION', 'the token is for another version than the subprotocol');
    return admission;
  }
}
