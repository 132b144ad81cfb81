/** Trunks to other foci: the one room that shakes hands with them and holds their WebSockets. */
import { reachableTest } from '../../signalling/addresses/reachable.ts';
import { asWeirError, type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import { TRUNK_VERSIONS, type TrunkHello } from '../../signalling/wire/trunk.ts';
import type { Trunk, TrunkAdmission, TrunkEvents, TrunkFigures, Trunks } from '../ports.ts';
import { type ConferenceId, type FocusId, nameOfFocus } from '../session.ts';
import { Policy } from './policy.ts';
import { RefusedTrunk } from './refused-trunk.ts';
import { peekAtTrunkToken } from './tokens.ts';
import { FocusTrunk } from './trunk.ts';
import { WaitingHellos } from './waiting-hellos.ts';
import type { CascadeOptions, CascadeWorld } from './world.ts';

export type { CascadeOptions } from './world.ts';

/** All trunks of this focus. */
export class Cascade implements Trunks {
  readonly #options: CascadeOptions;
  readonly #world: CascadeWorld;
  readonly #policy: Policy;
  readonly #waiting: WaitingHellos;
  readonly #trunks = new Map<string, FocusTrunk>();
  readonly #refused = new Set<RefusedTrunk>();
  readonly #sending = new Set<Promise<void>>();
  #stopping = false;

  constructor(options: CascadeOptions) {
    this.#options = options;
    const { focus, url, clock, log, meters, ca, versions = TRUNK_VERSIONS } = options;
    this.#world = {
      ...{ focus, url, clock, log, meters, versions },
      ...(ca === undefined ? {} : { ca }),
      mayReach: reachableTest(options.allowedNetworks),
      send: (peer, event) => this.#keep(options.signals.send(peer.userId, peer.deviceId, event)),
    };
    this.#policy = new Policy(options.limits);
    this.#waiting = new WaitingHellos(clock, {
      ask: hello => this.#ask(hello),
      gaveUp: hello => this.#refuse(hello, 'WEIR_TRUNK_NOT_NAMED', 'no member of the call names the focus'),
    });
  }

  open(conference: ConferenceId, peer: FocusId, events: TrunkEvents): Trunk {
    this.#trunks.get(keyOf(conference, peer))?.close('WEIR_REPLACED');
    const { clock, meters } = this.#options;
    const refusal = this.#refusalOf(peer);
    if (refusal === undefined) return this.#begin(conference, peer, events);
    meters.handshake(refusal.code);
    const refused: RefusedTrunk = new RefusedTrunk(conference, peer, refusal, events, {
      clock,
      open: () => (this.#refusalOf(peer) === undefined ? this.#begin(conference, peer, events) : undefined),
      over: () => this.#refused.delete(refused),
    });
    this.#refused.add(refused);
    return refused;
  }

  mayReach(address: string): boolean {
    return this.#world.mayReach(address);
  }

  /** A hello came by to-device message. Never throws. */
  hello(hello: TrunkHello): void {
    const { focus, clock, meters } = this.#options;
    if (this.#stopping || nameOfFocus(hello.from) === nameOfFocus(focus)) return;
    // First of all: what is refused costs a line of the log.
    if (!this.#policy.takesHello(hello.from, clock.now())) return meters.handshake('WEIR_TRUNK_LIMIT');
    if (!this.#policy.allows(hello.from)) return this.#refuse(hello, 'WEIR_TRUNK_DENIED', 'its server is not allowed');
    switch (this.#ask(hello)) {
      case 'taken':
        return;
      case 'wait':
        if (!this.#waiting.add(hello)) this.#refuse(hello, 'WEIR_TRUNK_LIMIT', 'too many hellos wait');
        return;
      case 'refused':
        this.#refuse(hello, 'WEIR_TRUNK_NOT_NAMED', 'no member of the call names the focus');
    }
  }

  /**
   * A WebSocket wants to be opened with this token. Throws WEIR_TOKEN_REFUSED, WEIR_TRUNK_NOT_NAMED, WEIR_TRUNK_DENIED,
   * WEIR_TRUNK_LIMIT or WEIR_FOCUS_STOPPING.
   */
  admit(token: string): TrunkAdmission {
    try {
      if (this.#stopping) throw new WeirError('WEIR_FOCUS_STOPPING', 'the focus is being shut down');
      const claims = peekAtTrunkToken(token);
      const trunk = this.#trunks.get(JSON.stringify([claims.room_id, claims.conf_id, claims.iss]));
      if (trunk === undefined) throw new WeirError('WEIR_TOKEN_REFUSED', 'there is no such trunk');
      const admission = trunk.admit(token, claims);
      // After what proves who it is: strangers learn nothing of rooms.
      if (this.#options.namingOf(trunk.conference, trunk.peer) !== 'named')
        throw new WeirError('WEIR_TRUNK_NOT_NAMED', 'no member of the call names the focus');
      return admission;
    } catch (thrown) {
      const error = asWeirError(thrown);
      this.#options.meters.handshake(error.code);
      throw error;
    }
  }

  /** All that are wanted. */
  figures(): TrunkFigures[] {
    return [...this.#trunks.values(), ...this.#refused].map(({ figures }) => figures);
  }

  /** Closes all of them; resolves once no message is on its way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#waiting.close();
    for (const trunk of this.#trunks.values()) trunk.close('WEIR_FOCUS_STOPPING');
    await Promise.all(this.#sending);
  }

  #ask(hello: TrunkHello): 'taken' | 'wait' | 'refused' {
    const { from, roomId, confId } = hello;
    const naming = this.#options.namingOf({ roomId, confId }, from);
    if (naming === 'refused') return 'refused';
    const trunk = this.#trunks.get(keyOf({ roomId, confId }, from));
    if (trunk === undefined || naming === 'not yet') return 'wait';
    trunk.hello(hello);
    return 'taken';
  }

  #refuse({ from, confId }: TrunkHello, code: ErrorCode, message: string): void {
    this.#options.meters.handshake(code);
    this.#options.log.info({ focus: from.userId, conference: confId, code }, `hello refused: ${message}`);
  }

  /** Why there is none; where there is one, its place is taken. */
  #refusalOf(peer: FocusId): WeirError | undefined {
    if (this.#stopping) return new WeirError('WEIR_FOCUS_STOPPING', 'the focus is being shut down');
    if (!this.#policy.allows(peer)) return new WeirError('WEIR_TRUNK_DENIED', 'its server is not allowed');
    if (this.#policy.takePlace(peer)) return undefined;
    return new WeirError('WEIR_TRUNK_LIMIT', 'its server has as many trunks as it may');
  }

  /** It has a place. */
  #begin(conference: ConferenceId, peer: FocusId, events: TrunkEvents): Trunk {
    const key = keyOf(conference, peer);
    const trunk: FocusTrunk = new FocusTrunk(conference, peer, events, {
      ...this.#world,
      closed: () => {
        this.#policy.leavePlace(peer);
        if (this.#trunks.get(key) === trunk) this.#trunks.delete(key);
      },
    });
    this.#trunks.set(key, trunk);
    this.#options.clock.after(0, () => this.#waiting.look());
    return trunk;
  }

  #keep(sending: Promise<void>): void {
    const kept = sending
      .catch((thrown: unknown) => {
        const { code, message } = asWeirError(thrown);
        this.#options.meters.handshake(code);
        this.#options.log.warn({ code }, `could not say hello: ${message}`);
      })
      .finally(() => this.#sending.delete(kept));
    this.#sending.add(kept);
  }
}

function keyOf({ roomId, confId }: ConferenceId, peer: FocusId): string {
  return JSON.stringify([roomId, confId, nameOfFocus(peer)]);
}
