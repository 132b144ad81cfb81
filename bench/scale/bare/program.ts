/** The far side of bare.ts: a program that is forked and told which descriptions its peers send. */
import type { BareCommand, BareReport } from './messages.ts';
import { type BarePeer, BareRouter } from './router.ts';

let router: BareRouter | undefined;
const peers: BarePeer[] = [];

function report(message: BareReport): void {
  if (process.connected) process.send?.(message);
}

async function obey(command: BareCommand): Promise<void> {
  if (command.kind === 'start') {
    router = await BareRouter.start(command.options);
    return report({ kind: 'started', workerPid: router.workerPid });
  }
  if (router === undefined) throw new Error('not started');
  switch (command.kind) {
    case 'connect': {
      const { peer, answer } = await router.connect(command.sdp);
      return report({ kind: 'answered', request: command.request, peer: peers.push(peer) - 1, sdp: answer });
    }
    case 'offer':
      return report({
        kind: 'answered',
        request: command.request,
        peer: command.peer,
        sdp: await peerAt(command.peer).offerAll(),
      });
    case 'accept':
      await peerAt(command.peer).accept(command.sdp);
      return report({ kind: 'answered', request: command.request, peer: command.peer, sdp: '' });
  }
}

function peerAt(index: number): BarePeer {
  const peer = peers[index];
  if (peer === undefined) throw new RangeError(`no peer ${index}`);
  return peer;
}

process.on('message', message => {
  const command = message as BareCommand;
  obey(command).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    report({ kind: 'failed', request: command.kind === 'start' ? undefined : command.request, message: text });
  });
});
// Whoever started it is gone; the worker ends with its channel.
process.once('disconnect', () => process.exit(0));
