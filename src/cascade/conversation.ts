/** One WebSocket of a trunk: its first frames, which prove the secret and say where the run goes on, then numbered ones. */
import { asWeirError, type ErrorCode, errorCodeOf } from '../../signalling/wire/errors.ts';
import {
  MAX_TRUNK_FRAME_LENGTH,
  parseTrunkFrame,
  type TrunkFrame,
  type TrunkPosition,
  writeTrunkFrame,
} from '../../signalling/wire/trunk.ts';
import type { Clock, LineEvents, TrunkLine } from '../ports.ts';
import type { Link } from './handshake.ts';
import type { NumberedFrames } from './numbered-frames.ts';
import { type Bond, signTrunkToken, verifyTrunkToken } from './tokens.ts';

/** How long the first frame of the other end may take, ms; who dials tries again then. */
const GREETED_WITHIN_MS = { dialler: 2_000, answerer: 5_000 };
/** An acknowledgement goes out after so many frames, characters or ms. */
const ACK = { frames: 32, characters: 16_384, afterMs: 200 };
/** What is read of one trunk: frames per second (one more for every 4 KiB), at once at most, and how long it has to wait then. */
const PACE = { perSecond: 1_000, burst: 2_000, charactersEach: 4_096, holdMs: 100 };

/** Which end of the WebSocket this is; `tokenId`: of the token with which it was opened. */
export interface ConversationSide {
  role: 'dialler' | 'answerer';
  tokenId: string;
}

export interface ConversationEnd {
  code: ErrorCode;
  message: string;
  /** It had begun. */
  wasOpen: boolean;
  /** The other focus wants the trunk no more. */
  forGood: boolean;
}

export interface ConversationEvents {
  /** Both ends have proven themselves: from now on `frames` are this conversation's, and an older one is over. False: it comes too late. */
  beginning(): boolean;
  begun(resumed: boolean): void;
  frame(text: string): void;
  /** The other end has acknowledged frames. */
  acknowledged(): void;
  ended(end: ConversationEnd): void;
  roundTrip(ms: number): void;
}

export interface ConversationWorld {
  clock: Clock;
  bond: Bond;
  link: Link;
  frames: NumberedFrames;
}

type Phase = 'greeting' | 'open' | 'over';

export class Conversation implements LineEvents {
  readonly epoch: string;
  readonly frames: NumberedFrames;
  readonly #line: TrunkLine;
  readonly #side: ConversationSide;
  readonly #world: ConversationWorld;
  readonly #events: ConversationEvents;
  #phase: Phase = 'greeting';
  /** Of the greeting, then of the next acknowledgement. */
  #timer: { cancel(): void } | undefined;
  #ending: { cancel(): void } | undefined;
  /** Frames and characters of the other side since the last acknowledgement. */
  #unacknowledged = { frames: 0, characters: 0 };
  #pace: { left: number; at: number };

  constructor(line: TrunkLine, side: ConversationSide, world: ConversationWorld, events: ConversationEvents) {
    this.epoch = world.link.epoch;
    this.frames = world.frames;
    this.#line = line;
    this.#side = side;
    this.#world = world;
    this.#events = events;
    this.#pace = { left: PACE.burst, at: world.clock.now() };
    this.#timer = world.clock.after(GREETED_WITHIN_MS[side.role], () =>
      this.end('WEIR_TRUNK_UNREACHABLE', 'no first frame'),
    );
    if (side.role === 'dialler') this.#say({ kind: 'open', resume: world.frames.position });
  }

  /** Says a text. False where it is not kept: too much waits, and the trunk has to begin anew. */
  say(text: string): boolean {
    const line = this.frames.add(text);
    if (line === undefined) {
      // Soon: who says something is told nothing meanwhile.
      this.#ending ??= this.#world.clock.after(0, () =>
        this.end('WEIR_TRUNK_OVERFLOW', 'too much waits for the other focus'),
      );
      return false;
    }
    this.#line.say(line);
    return true;
  }

  /** Ends the WebSocket for a fault. */
  end(code: ErrorCode, message: string): void {
    this.#over({ code, message, forGood: false });
    this.#line.close(code);
  }

  /** Ends the WebSocket, and says nothing any more. `forGood`: this end of the trunk is over. */
  drop(code: ErrorCode, forGood: boolean): void {
    if (forGood && this.#phase === 'open') this.#say({ kind: 'bye', code });
    this.#stop();
    this.#line.close(code);
  }

  text(text: string): void {
    if (this.#phase === 'over') return;
    const frame = parseTrunkFrame(text);
    if (frame.kind === 'bad') this.end('WEIR_BAD_MESSAGE', frame.error.message);
    else if (this.#phase === 'greeting') this.#greet(frame.value);
    else this.#take(frame.value);
    this.#keepPace(text.length);
  }

  closed(code: ErrorCode | undefined): void {
    const message = code === undefined ? 'it was cut' : 'the other focus closed it';
    this.#over({ code: code ?? 'WEIR_TRUNK_UNREACHABLE', message, forGood: false });
  }

  roundTrip(ms: number): void {
    this.#events.roundTrip(ms);
  }

  #over(end: Omit<ConversationEnd, 'wasOpen'>): void {
    if (this.#phase === 'over') return;
    const wasOpen = this.#phase === 'open';
    this.#stop();
    this.#events.ended({ ...end, wasOpen });
  }

  #stop(): void {
    this.#phase = 'over';
    this.#timer?.cancel();
    this.#ending?.cancel();
  }

  #greet(frame: TrunkFrame): void {
    const { role } = this.#side;
    if (role === 'answerer' && frame.kind === 'open') this.#answer(frame.resume);
    else if (role === 'dialler' && frame.kind === 'welcome') this.#welcomed(frame);
    else this.end('WEIR_BAD_MESSAGE', 'another first frame than is due');
  }

  #answer(resume: TrunkPosition | undefined): void {
    const { bond, link, clock } = this.#world;
    if (!this.#events.beginning()) return this.end('WEIR_TOKEN_REFUSED', 'it took too long');
    const resumed = resume !== undefined && this.frames.reaches(resume);
    if (resumed) this.frames.acknowledge(resume.received);
    else this.frames.begin(this.frames.run + 1);
    const { token } = signTrunkToken(bond, link, clock.now(), this.#side.tokenId);
    this.#say({ kind: 'welcome', token, resumed, position: { run: this.frames.run, received: this.frames.received } });
    this.#begin(resumed);
  }

  #welcomed({ token, resumed, position }: Extract<TrunkFrame, { kind: 'welcome' }>): void {
    const { bond, link, clock } = this.#world;
    try {
      verifyTrunkToken(token, bond, link, clock.now(), this.#side.tokenId);
    } catch (thrown) {
      const { code, message } = asWeirError(thrown);
      this.end(code, message);
      return;
    }
    if (resumed && !this.frames.reaches(position)) {
      this.end('WEIR_BAD_MESSAGE', 'it resumes what was not');
      return;
    }
    if (!this.#events.beginning()) return this.end('WEIR_TOKEN_REFUSED', 'it took too long');
    if (resumed) this.frames.acknowledge(position.received);
    else this.frames.begin(position.run);
    this.#begin(resumed);
  }

  #begin(resumed: boolean): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#phase = 'open';
    for (const line of this.frames.waiting) this.#line.say(line);
    this.#events.begun(resumed);
  }

  #take(frame: TrunkFrame): void {
    switch (frame.kind) {
      case 'carried':
        this.#carried(frame.number, frame.text);
        return;
      case 'ack':
        if (this.frames.acknowledge(frame.received)) this.#events.acknowledged();
        else this.end('WEIR_BAD_MESSAGE', 'it acknowledges what was not said');
        return;
      case 'bye':
        this.#over({ code: errorCodeOf(frame.code) ?? 'WEIR_TRUNK_CLOSED', message: 'it was closed', forGood: true });
        this.#line.close('WEIR_TRUNK_CLOSED');
        return;
      case 'open':
      case 'welcome':
        this.end('WEIR_BAD_MESSAGE', 'a first frame comes twice');
    }
  }

  #carried(number: number, text: string): void {
    switch (this.frames.take(number)) {
      case 'gap':
        this.end('WEIR_BAD_MESSAGE', 'a frame is missing');
        return;
      case 'again':
        return;
      case 'next':
        this.#events.frame(text);
        this.#acknowledge(text.length);
    }
  }

  #acknowledge(characters: number): void {
    const { clock } = this.#world;
    this.#unacknowledged.frames += 1;
    this.#unacknowledged.characters += characters;
    const { frames, characters: most } = this.#unacknowledged;
    if (frames >= ACK.frames || most >= ACK.characters) this.#sayAck();
    else this.#timer ??= clock.after(ACK.afterMs, () => this.#sayAck());
  }

  #sayAck(): void {
    if (this.#phase !== 'open') return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#unacknowledged = { frames: 0, characters: 0 };
    this.#say({ kind: 'ack', received: this.frames.received });
  }

  /** Who sends too fast is read more slowly: nothing is lost of a trunk, and the rest waits at its own end. */
  #keepPace(length: number): void {
    const now = this.#world.clock.now();
    const gained = ((now - this.#pace.at) / 1_000) * PACE.perSecond;
    const left = Math.min(PACE.burst, this.#pace.left + gained) - 1 - length / PACE.charactersEach;
    this.#pace = { left, at: now };
    if (left < 0) this.#line.hold(PACE.holdMs);
  }

  #say(frame: TrunkFrame): void {
    this.#line.say(writeTrunkFrame(frame));
  }
}

/** Whether a trunk may carry the text. */
export function fits(text: string): boolean {
  return text.length <= MAX_TRUNK_FRAME_LENGTH;
}
