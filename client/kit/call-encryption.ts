/** The encryption of one call: our keys, those of the others, and who holds them. It outlives sessions, as the call does. */
import {
  type Device,
  KeyExchange,
  MediaEncryption,
  senderOf,
  type SenderId,
  SFRAME_KEYS,
  systemClock,
  type WitnessRecord,
} from '../encryption/index.ts';
import { KeyHolders } from './key-holders.ts';
import type { CannotDecrypt, EncryptionState } from './encryption-state.ts';
import type { ConnectionOptions, FrameProtection } from './frame-protection.ts';
import type { ToDeviceMessage } from './homeserver-answers.ts';
import { type Homeserver, DevicesUnreached } from './homeserver.ts';
import type { KeyWitness } from './key-witness.ts';
import { type Problem, problem } from './problems.ts';

/** What of a room its encryption needs. */
export interface RoomOfEncryption {
  readonly roomId: string;
  readonly self: Device;
  /** Who is in the call, by the room's state. */
  readonly devicesThere: readonly Device[];
  readonly homeserver: Pick<Homeserver, 'identities' | 'provesDevices' | 'sendEncrypted'>;
  onChange(listener: () => void): () => void;
  onMessage(listener: (message: ToDeviceMessage) => void): () => void;
}

export interface CallEncryptionEvents {
  /** What can be decrypted, or who holds keys. */
  changed(): void;
  /** Nothing can be encrypted any more. */
  failed(reason: Problem): void;
}

export class CallEncryption implements FrameProtection {
  readonly #room: RoomOfEncryption;
  readonly #events: CallEncryptionEvents;
  readonly #media: MediaEncryption;
  readonly #witness: KeyWitness | undefined;
  readonly #holders: KeyHolders;
  readonly #senders = new Map<RTCRtpReceiver, SenderId>();
  readonly #reasons = new Map<RTCRtpReceiver, CannotDecrypt>();
  #exchange: KeyExchange | undefined;
  #stopListening: (() => void)[] = [];

  /** Throws an EncryptionError (`unsupported`) where the browser has no way to encrypt frames. */
  constructor(room: RoomOfEncryption, events: CallEncryptionEvents, witness?: KeyWitness) {
    this.#room = room;
    this.#events = events;
    this.#witness = witness;
    this.#holders = new KeyHolders(room, () => events.changed());
    this.#media = new MediaEncryption(
      {
        received: (receiver, state) => {
          if (state.kind === 'failing') this.#reasons.set(receiver, state.reason);
          else this.#reasons.delete(receiver);
          this.#askWhereMissing(receiver);
          events.changed();
        },
        failed: cause => events.failed(problem('ENCRYPTION_UNAVAILABLE', cause.message)),
      },
      witness === undefined ? {} : { witness: (records: readonly WitnessRecord[]) => witness.saw(records) },
    );
  }

  get format(): string {
    return this.#media.format;
  }

  get state(): EncryptionState {
    const { code, holders } = this.#holders;
    return { kind: 'on', code, holders };
  }

  /** We join this call: our key is made anew, and goes to those who are there. Does nothing where we are in it. */
  begin(confId: string): void {
    if (this.#exchange !== undefined) return;
    const { roomId, self } = this.#room;
    const exchange: KeyExchange = new KeyExchange({
      self,
      call: { roomId, confId },
      format: SFRAME_KEYS,
      keys: this.#witness?.ofOwn(this.#media.keys, () => exchange.stay) ?? this.#media.keys,
      send: (type, to, content) => this.#send(type, to, content),
      events: {
        key: (from, stay, key) => {
          this.#witness?.got(from, stay, key);
          this.#media.addKey(from, stay, key);
        },
        gone: from => this.#media.forget(from),
        failed: cause => this.#events.failed(problem('ENCRYPTION_UNAVAILABLE', cause.message)),
      },
      clock: systemClock,
    });
    this.#exchange = exchange;
    this.#stopListening = [
      this.#room.onChange(() => this.#tellMembers()),
      this.#room.onMessage(message => this.#take(exchange, message)),
    ];
    this.#tellMembers();
    exchange.start();
  }

  /** We left it. */
  end(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    this.#exchange?.close();
    this.#exchange = undefined;
    this.#holders.clear();
  }

  close(): void {
    this.end();
    this.#media.close();
  }

  connectionOptions(): ConnectionOptions {
    return this.#media.connectionOptions();
  }

  send(sender: RTCRtpSender, kind: 'audio' | 'video'): void {
    this.#media.send(sender, kind);
  }

  receive(receiver: RTCRtpReceiver): void {
    this.#media.receive(receiver);
  }

  bind(receiver: RTCRtpReceiver, from: Device | undefined): void {
    const sender = from && senderOf(from);
    if (this.#senders.get(receiver) === sender) return;
    if (sender === undefined) this.#senders.delete(receiver);
    else this.#senders.set(receiver, sender);
    this.#reasons.delete(receiver);
    this.#media.bind(receiver, sender);
  }

  detach(transceivers: readonly RTCRtpTransceiver[]): void {
    for (const { sender, receiver } of transceivers) {
      this.#media.detach(sender);
      this.#media.detach(receiver);
      this.#senders.delete(receiver);
      this.#reasons.delete(receiver);
    }
  }

  cannotDecrypt(receiver: RTCRtpReceiver): CannotDecrypt | undefined {
    return this.#reasons.get(receiver);
  }

  #take(exchange: KeyExchange, { type, sender, content, encryption }: ToDeviceMessage): void {
    const { device } = encryption ?? {};
    // A device that nobody proves can be anybody's; where a host vouches for users, the one counts that it claims to be.
    if (encryption !== undefined && device === undefined && this.#room.homeserver.provesDevices) return;
    const from = { userId: device?.userId ?? sender, deviceId: device?.deviceId };
    exchange.take({ type, from, encrypted: encryption !== undefined, content });
  }

  #tellMembers(): void {
    const devices = this.#room.devicesThere;
    this.#exchange?.members(devices);
    this.#holders.follow(devices);
    // Who was not a member when its frames came may be asked by now.
    for (const receiver of this.#reasons.keys()) this.#askWhereMissing(receiver);
  }

  #askWhereMissing(receiver: RTCRtpReceiver): void {
    const sender = this.#senders.get(receiver);
    if (this.#reasons.get(receiver) === 'no_key' && sender !== undefined) this.#exchange?.missing(sender);
  }

  async #send(type: string, to: readonly Device[], content: object): Promise<readonly Device[]> {
    try {
      await this.#room.homeserver.sendEncrypted(type, to, { ...content });
      return [];
    } catch (thrown) {
      if (thrown instanceof DevicesUnreached) return thrown.devices;
      throw thrown;
    }
  }
}
