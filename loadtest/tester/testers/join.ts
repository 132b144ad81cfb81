/** A tester that joins another one's run. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { TesterFailure } from '../failure.ts';
import { type LocalOptions, LocalShare } from '../share/local-share.ts';
import type { ShareReport } from '../share/messages.ts';
import { MOST_BUFFERED_BYTES, MOST_MESSAGE_BYTES, readCommand, TESTERS_PROTOCOL } from './protocol.ts';

export interface JoinOptions {
  /** `host:port` of the leader. */
  leader: string;
  token: string;
  local: LocalOptions;
  tell: (text: string) => void;
  signal: AbortSignal;
}

const OPENS_WITHIN_MS = 10_000;
const REPORTS_EVERY_MS = 1_000;
/** Whoever is started first waits for the other. */
const LEADER_COMES_WITHIN_MS = 60_000;
const TRIES_EVERY_MS = 1_000;

/** Plays the share that it is given. Resolves when the leader says that the run is over; rejects with a TesterFailure where it is lost. */
export async function joinRun({ leader, token, local, tell, signal }: JoinOptions): Promise<void> {
  const socket = await open(leader, token, signal);
  tell(`Joined the run at ${leader}.`);
  const report = (message: ShareReport): void => {
    // A leader that does not read will be told later seconds only.
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < MOST_BUFFERED_BYTES) {
      socket.send(JSON.stringify(message));
    }
  };
  let share: LocalShare | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  try {
    await new Promise<void>((resolve, reject) => {
      const lost = (message: string, cause?: unknown): void => {
        reject(new TesterFailure(message, 'See the leader; both need the same --token and version.', { cause }));
      };
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      socket.on('error', cause => lost(`The run at ${leader} broke off.`, cause));
      socket.on('close', (_code, reason) => {
        if (isOver) resolve();
        else
          lost(reason.length === 0 ? `The leader at ${leader} is gone.` : `The leader gave up: ${reason.toString()}.`);
      });
      socket.on('message', (data: Buffer) => {
        const command = readCommand(data.toString());
        if (command === undefined) {
          lost('The leader says what nobody understands.');
          return;
        }
        if (command.kind === 'stop') {
          isOver = true;
          resolve();
          return;
        }
        if (command.kind === 'start') {
          const own = new LocalShare(message => report({ kind: 'trouble', message }), local);
          share = own;
          timer = setInterval(() => {
            if (own.lost === undefined) report({ kind: 'sample', sample: own.take() });
            else lost(`The run cannot go on: ${own.lost}.`);
          }, REPORTS_EVERY_MS);
        }
        share?.say(command);
      });
    });
  } finally {
    clearInterval(timer);
    await share?.stop();
    socket.close();
  }
}

/** Waits for a leader that does not listen yet; rejects with a TesterFailure where it does not come, or refuses. */
async function open(leader: string, token: string, signal: AbortSignal): Promise<WebSocket> {
  const deadline = performance.now() + LEADER_COMES_WITHIN_MS;
  for (;;) {
    signal.throwIfAborted();
    const socket = new WebSocket(`ws://${leader}`, TESTERS_PROTOCOL, {
      headers: { authorization: `Bearer ${token}` },
      maxPayload: MOST_MESSAGE_BYTES,
      perMessageDeflate: false,
      handshakeTimeout: OPENS_WITHIN_MS,
    });
    try {
      await once(socket, 'open');
      return socket;
    } catch (cause) {
      const isThere = !(cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED');
      if (isThere || performance.now() > deadline) {
        const remedy = 'See the leader; both need the same --token and version.';
        throw new TesterFailure(`The run at ${leader} cannot be joined.`, remedy, { cause });
      }
    }
    await delay(TRIES_EVERY_MS, undefined, { signal });
  }
}
