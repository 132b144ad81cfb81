/** One trunk: carries out what its machine wants, and holds the WebSocket that is open. */
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import { type TrunkClaims, type TrunkHello, writeTrunkHello } from '../../signalling/wire/trunk.ts';
import type { LineEvents, Trunk, TrunkAdmission, TrunkEvents, TrunkFigures, TrunkLine, TrunkState } from '../ports.ts';
import type { ConferenceId, FocusId } from '../session.ts';
import { Line } from '../websocket/line.ts';
import { MOST_KEPT_CHARACTERS, TRUNK_LINE_BOUNDS } from '../websocket/trunk-line.ts';
import { Conversation, type ConversationSide, fits } from './conversation.ts';
import { dial } from './dial.ts';
import { dials, type Link, linkOf, openEnd, type OwnEnd } from './handshake.ts';
import { NumberedFrames } from './numbered-frames.ts';
import { type Bond, signTrunkToken, verifyTrunkToken } from './tokens.ts';
import {
  dueAt,
  type Effect,
  type Ends,
  type Input,
  linksOf,
  type Machine,
  startMachine,
  step,
} from './trunk-machine.ts';
import type { CascadeWorld } from './world.ts';

const KEEPING = { frames: 8_192, characters: MOST_KEPT_CHARACTERS };
/** WebSockets of the other end in a minute: it dials every 2 s at most. */
const MOST_ADMITTED = 60;
const ADMITTED_WITHIN_MS = 60_000;
export interface TrunkWorld extends CascadeWorld {
  /** It is closed. */
  closed(): void;
}

export class FocusTrunk implements Trunk {
  readonly conference: ConferenceId;
  readonly peer: FocusId;
  readonly #world: TrunkWorld;
  readonly #events: TrunkEvents;
  readonly #end: OwnEnd;
  readonly #ends: Ends;
  readonly #bond: Bond;
  #machine: Machine;
  #wake: { cancel(): void } | undefined;
  /** The one that is open, or was until it was cut. */
  #current: Conversation | undefined;
  /** Those that have not begun. */
  readonly #greeting = new Set<Conversation>();
  readonly #dials = new Map<string, { cancel(): void }>();
  /** Tokens of the other end that were taken, and when: each opens one WebSocket. */
  readonly #admitted = new Map<string, number>();
  #roundTripMs: number | undefined;
  /** Why it is not open, as it was told last. */
  #code: ErrorCode | undefined;

  constructor(conference: ConferenceId, peer: FocusId, events: TrunkEvents, world: TrunkWorld) {
    this.conference = conference;
    this.peer = peer;
    this.#world = world;
    this.#events = events;
    const { focus, clock } = world;
    this.#end = openEnd({ from: focus, ...conference, versions: world.versions, url: world.url() });
    this.#bond = { conference, own: focus, peer, epoch: this.epoch };
    this.#ends = {
      epoch: this.epoch,
      dials: dials(focus, peer),
      linkOf: hello => linkOf(this.#end, hello),
    };
    this.#machine = startMachine(clock.now());
    this.#schedule();
  }

  get epoch(): string {
    return this.#end.hello.epoch;
  }

  get unacknowledged(): number {
    return this.#current?.frames.unacknowledged ?? 0;
  }

  get figures(): TrunkFigures {
    const { conference, peer } = this;
    const { kind } = this.#machine.phase;
    const roundTripMs = kind === 'open' ? this.#roundTripMs : undefined;
    return { conference, peer, state: kind === 'closed' ? 'refused' : kind, code: this.#code, roundTripMs };
  }

  say(frame: string): boolean {
    if (!fits(frame) || this.#current === undefined) return false;
    switch (this.#machine.phase.kind) {
      case 'open':
        return this.#current.say(frame);
      case 'broken':
        return this.#current.frames.add(frame) !== undefined;
      case 'calling':
      case 'refused':
      case 'closed':
        return false;
    }
  }

  close(code: ErrorCode = 'WEIR_TRUNK_CLOSED'): void {
    if (this.#machine.phase.kind === 'closed') return;
    this.#input({ kind: 'close', code });
    this.#world.closed();
  }

  /** A hello of the peer, named and allowed. */
  hello(hello: TrunkHello): void {
    this.#input({ kind: 'hello', hello });
  }

  /** The peer opens a WebSocket. Throws WEIR_TOKEN_REFUSED or WEIR_TRUNK_LIMIT. */
  admit(token: string, claims: TrunkClaims): TrunkAdmission {
    const now = this.#world.clock.now();
    const link = linksOf(this.#machine).find(({ epoch }) => epoch === claims.epoch);
    if (link === undefined) throw new WeirError('WEIR_TOKEN_REFUSED', 'the token is of an epoch that is not known');
    const { jti } = verifyTrunkToken(token, this.#bond, link, now);
    if (this.#ends.dials) throw new WeirError('WEIR_TOKEN_REFUSED', 'it is for this focus to dial');
    for (const [id, at] of this.#admitted) if (now - at >= 3 * ADMITTED_WITHIN_MS) this.#admitted.delete(id);
    if (this.#admitted.has(jti)) throw new WeirError('WEIR_TOKEN_REFUSED', 'the token was used before');
    const lately = [...this.#admitted.values()].filter(at => now - at < ADMITTED_WITHIN_MS).length;
    if (lately >= MOST_ADMITTED) throw new WeirError('WEIR_TRUNK_LIMIT', 'it is dialled too often');
    this.#admitted.set(jti, now);
    return {
      version: link.version,
      accept: line => this.#converse(link, line, { role: 'answerer', tokenId: jti }),
    };
  }

  #input(input: Input): void {
    const { machine, effects } = step(this.#machine, input, this.#world.clock.now(), this.#ends);
    this.#machine = machine;
    for (const effect of effects) this.#carryOut(effect);
    this.#schedule();
  }

  #schedule(): void {
    const { clock } = this.#world;
    this.#wake?.cancel();
    this.#wake = undefined;
    const at = dueAt(this.#machine);
    if (at !== undefined) this.#wake = clock.after(Math.max(0, at - clock.now()), () => this.#input({ kind: 'time' }));
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'say-hello':
        this.#world.send(this.peer, writeTrunkHello({ ...this.#end.hello, answers: effect.answers }));
        return;
      case 'dial':
        this.#dial(effect.link);
        return;
      case 'hang-up':
        this.#hangUp(effect.epoch, effect.code, effect.forGood);
        return;
      case 'tell':
        this.#tell(effect.state);
    }
  }

  #tell(state: TrunkState): void {
    const { log, meters } = this.#world;
    const about = { room: this.conference.roomId, conference: this.conference.confId, focus: this.peer.userId };
    switch (state.kind) {
      case 'open':
        meters.handshake(state.resumed ? 'resumed' : 'opened');
        this.#code = undefined;
        log.info({ ...about, version: state.version }, state.resumed ? 'trunk resumed' : 'trunk open');
        break;
      case 'broken':
        this.#code = state.code;
        log.warn({ ...about, code: state.code }, 'trunk broken');
        break;
      case 'ended':
        this.#code = state.code;
        log.info({ ...about, code: state.code }, 'trunk ended by the other focus');
        break;
      case 'refused':
        this.#code = state.code;
        meters.handshake(state.code);
        log.warn({ ...about, code: state.code }, `no trunk: ${state.message}`);
    }
    this.#events.state(state);
  }

  #hangUp(epoch: string, code: ErrorCode, forGood: boolean): void {
    this.#dials.get(epoch)?.cancel();
    this.#dials.delete(epoch);
    for (const one of this.#greeting) if (one.epoch === epoch) this.#drop(one, code, forGood);
    if (this.#current?.epoch === epoch) this.#drop(this.#current, code, forGood);
  }

  #drop(conversation: Conversation, code: ErrorCode, forGood: boolean): void {
    this.#greeting.delete(conversation);
    if (this.#current === conversation) this.#current = undefined;
    conversation.drop(code, forGood);
  }

  #dial(link: Link): void {
    const { url, version, epoch } = link;
    const { token, id } = signTrunkToken(this.#bond, link, this.#world.clock.now());
    const { mayReach, ca } = this.#world;
    const options = { mayReach, ...(ca === undefined ? {} : { ca }) };
    const dialled = dial({ url, version, token }, options, {
      open: ws => {
        this.#dials.delete(epoch);
        new Line(ws, TRUNK_LINE_BOUNDS, line => this.#converse(link, line, { role: 'dialler', tokenId: id }));
      },
      failed: ({ code, message }) => {
        this.#dials.delete(epoch);
        this.#failed(epoch, code, message);
      },
    });
    this.#dials.set(epoch, dialled);
  }

  #failed(epoch: string, code: ErrorCode, message: string): void {
    const { log, meters } = this.#world;
    if (this.#machine.phase.kind !== 'open') this.#code = code;
    meters.handshake(code);
    log.debug({ conference: this.conference.confId, focus: this.peer.userId, code }, `could not dial: ${message}`);
    this.#input({ kind: 'failed', epoch, code, message });
  }

  #converse(link: Link, line: TrunkLine, side: ConversationSide): LineEvents {
    const { clock } = this.#world;
    const { epoch } = link;
    // A run goes on with the same end only.
    const frames = this.#current?.epoch === epoch ? this.#current.frames : new NumberedFrames(KEEPING);
    const conversation: Conversation = new Conversation(
      line,
      side,
      { clock, bond: this.#bond, link, frames },
      {
        beginning: () => {
          this.#greeting.delete(conversation);
          // Its candidate may be forgotten, or the trunk closed.
          if (!linksOf(this.#machine).some(one => one.epoch === epoch)) return false;
          // One of the same end that was not seen to be cut: this one goes on in its place.
          if (this.#current !== undefined && this.#current !== conversation && this.#current.epoch === epoch)
            this.#current.drop('WEIR_REPLACED', false);
          return true;
        },
        begun: resumed => {
          const before = this.#current;
          this.#current = conversation;
          this.#roundTripMs = undefined;
          if (before !== undefined && before.epoch !== epoch) before.drop('WEIR_REPLACED', false);
          this.#input({ kind: 'opened', epoch, resumed });
        },
        frame: text => {
          if (this.#current === conversation) this.#events.frame(text);
        },
        acknowledged: () => {
          if (this.#current === conversation) this.#events.acknowledged();
        },
        ended: ({ code, message, forGood, wasOpen }) => {
          this.#greeting.delete(conversation);
          if (!wasOpen) {
            if (side.role === 'dialler') this.#failed(epoch, code, message);
            else this.#world.log.debug({ focus: this.peer.userId, code }, `no trunk: ${message}`);
            return;
          }
          if (this.#current === conversation) this.#input({ kind: 'cut', epoch, code, forGood });
        },
        roundTrip: ms => {
          if (this.#current === conversation) this.#roundTripMs = ms;
        },
      },
    );
    this.#greeting.add(conversation);
    return conversation;
  }
}
