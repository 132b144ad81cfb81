/** The door of a member's WebSocket: frames are what it would say by to-device message or data channel, for its conference alone. */
import { errorReply, parseControl, writeControl } from '../../signalling/wire/control.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import { parseSignalFrame } from '../../signalling/wire/signal.ts';
import { addressOf, parseToDevice } from '../../signalling/wire/to-device.ts';
import type { Clock, ResumedSession, SignalDoor, SignalLine, SignalMember } from '../ports.ts';
import type { Arrival } from './arrival.ts';
import type { Calls, KnownCall } from './calls.ts';
import { MessageRate } from './message-rate.ts';

export interface DoorWorld {
  clock: Clock;
  calls: Calls;
  /** A call message of the member, with the line that its answer goes over. */
  take(arrival: Arrival, line: SignalLine): void;
}

export class MemberDoor implements SignalDoor {
  readonly resumed: boolean;
  readonly #member: SignalMember;
  readonly #line: SignalLine;
  readonly #world: DoorWorld;
  readonly #rate: MessageRate;
  /** The call that frames without a call id are about. */
  #known: KnownCall | undefined;

  constructor(member: SignalMember, resume: ResumedSession | undefined, line: SignalLine, world: DoorWorld) {
    this.#member = member;
    this.#line = line;
    this.#world = world;
    this.#rate = new MessageRate(world.clock);
    this.#known = resume === undefined ? undefined : this.#find(resume.callId, resume.sessionId);
    this.resumed = this.#known !== undefined;
    this.#known?.runner.attach(this.#known.call, line);
  }

  take(frame: string): void {
    switch (this.#rate.take()) {
      case 'taken':
        return this.#read(frame);
      case 'dropped':
        return;
      case 'dropped, tell':
        return this.#complain(new WeirError('WEIR_TOO_MANY_MESSAGES', 'messages were dropped'));
      case 'flood':
        this.#line.close('WEIR_TOO_MANY_MESSAGES');
    }
  }

  closed(): void {
    this.#known?.runner.detach(this.#known.call, this.#line);
    this.#known = undefined;
  }

  #read(text: string): void {
    const frame = parseSignalFrame(text);
    if (frame.kind === 'bad') return this.#complain(frame.error);
    const { type, content } = frame.value;
    if ('call_id' in content) this.#takeCallMessage(type, content);
    else this.#takeControl(text);
  }

  #takeCallMessage(type: string, content: Record<string, unknown>): void {
    const { userId, deviceId, roomId, confId } = this.#member;
    const replyTo = addressOf(userId, content);
    if (replyTo === undefined)
      return this.#complain(new WeirError('WEIR_BAD_MESSAGE', `${type.slice(0, 64)}: no address`));
    if (replyTo.deviceId !== deviceId || replyTo.confId !== confId)
      return this.#complain(new WeirError('WEIR_NOT_ALLOWED', 'the token is of another device or conference'));
    const parsed = parseToDevice(type, userId, content);
    if (parsed === undefined)
      return this.#complain(new WeirError('WEIR_BAD_MESSAGE', `${type.slice(0, 64)}: not a call's`));
    // The token was given for one room, whatever the invite says.
    if (parsed.kind === 'ok' && parsed.value.kind === 'invite') parsed.value.roomId = roomId;
    this.#world.take({ parsed, replyTo, lateMs: 0 }, this.#line);
    this.#known = this.#find(replyTo.callId, replyTo.sessionId) ?? this.#known;
  }

  #takeControl(text: string): void {
    const known = this.#known;
    if (known === undefined) return this.#complain(new WeirError('WEIR_NO_SESSION', 'there is no session yet'));
    const { runner, call } = known;
    const parsed = parseControl(text);
    runner.postFrom(
      call,
      parsed.kind === 'ok'
        ? { kind: 'said', call, message: parsed.value, replyBy: 'control' }
        : { kind: 'garbled', call, error: parsed.error },
    );
  }

  #find(callId: string, sessionId: string): KnownCall | undefined {
    const { userId, deviceId, roomId, confId } = this.#member;
    const known = this.#world.calls.find({ sender: userId, deviceId, sessionId, callId, confId });
    return known?.runner.id.roomId === roomId && known.runner.id.confId === confId ? known : undefined;
  }

  #complain(error: WeirError): void {
    this.#line.say(writeControl(errorReply(error)));
  }
}
