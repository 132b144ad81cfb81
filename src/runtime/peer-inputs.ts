/** What a participant's media peer tells, as inputs of its conference. */
import { parseControl } from '../../signalling/wire/control.ts';
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { CallRef, Input } from '../conference/messages.ts';
import type { Clock, Log, PeerEvents } from '../ports.ts';
import { MessageRate } from './message-rate.ts';

/** Where inputs go. */
export interface InputSink {
  clock: Clock;
  log: Log;
  post(input: Input): void;
  /** A message of a client: bounded, unlike `post`. */
  postFrom(call: CallRef, input: Input): void;
  /** Ends the session of a client that sends faster than it can be read. */
  cutOff(call: CallRef): void;
}

export function peerInputs(call: CallRef, sink: InputSink): PeerEvents {
  const { log } = sink;
  const rate = new MessageRate(sink.clock);
  const post = (input: Input): void => sink.post(input);
  return {
    control: text => {
      if (isTooMuch(call, rate, sink)) return;
      const parsed = parseControl(text);
      sink.postFrom(
        call,
        parsed.kind === 'ok'
          ? { kind: 'said', call, message: parsed.value, replyBy: 'control' }
          : { kind: 'garbled', call, error: parsed.error },
      );
    },
    controlOpen: () => post({ kind: 'control-open', call }),
    path: state => post({ kind: 'path', call, state }),
    estimate: available => {
      log.debug({ call: call.callId, available }, 'link estimated');
      post({ kind: 'estimated', call, available });
    },
    measured: tracks => post({ kind: 'measured', call, tracks }),
    shown: (track, layer) => {
      log.debug({ call: call.callId, track, layer }, 'viewer is sent another layer');
      post({ kind: 'shown', call, track, layer });
    },
    loud: (track, level) => post({ kind: 'loud', call, track, level }),
    dominant: track => post({ kind: 'dominant', call, track }),
    // Bounded by the media engine: a channel that waits for its answer is not told of again.
    data: {
      opened: channel => post({ kind: 'data-opened', call, channel }),
      closed: (channelId, error) => post({ kind: 'data-closed', call, channelId, error }),
      dropped: error => post({ kind: 'data-dropped', call, error }),
      forwardEnded: (channel, error) => post({ kind: 'forward-ended', call, channel, error }),
    },
    failed: (code: ErrorCode, message) => post({ kind: 'peer-failed', call, error: new WeirError(code, message) }),
  };
}

/** Counts a message of a client before it is read. True where it is one too many. */
function isTooMuch(call: CallRef, rate: MessageRate, sink: InputSink): boolean {
  switch (rate.take()) {
    case 'taken':
      return false;
    case 'dropped':
      return true;
    case 'dropped, tell': {
      const error = new WeirError('WEIR_TOO_MANY_MESSAGES', 'messages were dropped');
      sink.postFrom(call, { kind: 'garbled', call, error });
      return true;
    }
    case 'flood':
      sink.cutOff(call);
      return true;
  }
}
