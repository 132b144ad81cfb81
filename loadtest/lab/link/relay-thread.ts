/** The thread in which the relays work, so that nothing else the process does holds packets up. Started by relay.ts. */
import { parentPort } from 'node:worker_threads';
import type { FromThread, ToThread } from './relay-messages.ts';
import { UdpRelay } from './udp-relay.ts';

const relays = new Map<number, UdpRelay>();

async function handle(message: ToThread): Promise<void> {
  switch (message.kind) {
    case 'open':
      try {
        const relay = await UdpRelay.open(message.options);
        relays.set(message.relay, relay);
        answer({ kind: 'opened', relay: message.relay, host: relay.host, port: relay.port });
      } catch (error) {
        answer({ kind: 'not-opened', relay: message.relay, reason: String(error) });
      }
      return;
    case 'start':
      known(message.relay).start(message.epochMs);
      return;
    case 'scripts':
      known(message.relay).setScripts(message.up, message.down);
      return;
    case 'report':
      answer({ kind: 'report', ask: message.ask, report: known(message.relay).report() });
      return;
    case 'close': {
      const relay = known(message.relay);
      relays.delete(message.relay);
      const report = relay.report();
      await relay.close();
      answer({ kind: 'report', ask: message.ask, report });
      return;
    }
  }
}

function known(id: number): UdpRelay {
  const relay = relays.get(id);
  if (relay === undefined) throw new Error(`no relay ${id}`);
  return relay;
}

function answer(message: FromThread): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (message: ToThread) => {
  // A failure here is a mistake of ours: it ends the thread, and relay.ts rejects what is open.
  handle(message).catch((error: unknown) => {
    queueMicrotask(() => {
      throw error;
    });
  });
});
