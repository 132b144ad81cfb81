/** Plays a call of any size on the rules alone: the media engine answers at once, and what is told is written as for the wire. */
import { letterOf } from '../../runtime/door.ts';
import type { Effect, Input, News } from '../../conference/messages.ts';
import { type Conference, DEFAULT_LIMITS, DEFAULT_TIMING, emptyConference } from '../../conference/state.ts';
import { step } from '../../conference/step.ts';
import type { BenchClient } from '../conference-bench.ts';

const FOCUS = { userId: '@focus:example.org', deviceId: 'WEIR' };

/** What a change cost. */
export interface Cost {
  /** ms of CPU, told messages written. */
  ms: number;
  /** Messages to clients, without pings. */
  messages: number;
  /** Of those, to others than whose change it is. */
  toOthers: number;
  bytes: number;
}

export class Driver {
  readonly conference: Conference = emptyConference(
    { roomId: '!room:example.org', confId: 'conf' },
    FOCUS,
    DEFAULT_TIMING,
    { ...DEFAULT_LIMITS, participants: 2_000 },
  );
  now = 1_000_000;
  readonly #clients = new Map<string, BenchClient>();

  /** Everything that follows from these inputs, the media engine's answers and those of the clients included. */
  play(inputs: readonly Input[], of?: BenchClient): Cost {
    const cost: Cost = { ms: 0, messages: 0, toOthers: 0, bytes: 0 };
    let next = inputs;
    while (next.length > 0) {
      const begun = performance.now();
      const effects = step(this.conference, next, this.now);
      for (const effect of effects) if (effect.kind === 'tell') this.#write(effect, cost, of);
      cost.ms += performance.now() - begun;
      next = effects.flatMap(effect => this.#answerTo(effect));
    }
    return cost;
  }

  /** Joins all of them, heard and with an open channel. */
  join(clients: readonly BenchClient[], of?: BenchClient): Cost {
    for (const client of clients) this.#clients.set(client.call.callId, client);
    const invited = this.play(
      clients.map(({ session, call, metadata }) => ({
        kind: 'invited',
        session,
        callId: call.callId,
        sdp: 'offer',
        metadata,
        earlyOffer: true,
        takesChanges: true,
      })),
      of,
    );
    const connected = this.play(
      clients.flatMap(({ call }): Input[] => [
        { kind: 'path', call, state: 'heard' },
        { kind: 'control-open', call },
      ]),
      of,
    );
    return sumOf([invited, connected]);
  }

  /** Half a second passes. */
  tick(): Cost {
    this.now += 500;
    return this.play([{ kind: 'tick' }]);
  }

  #write({ call, to, news }: Extract<Effect, { kind: 'tell' }>, cost: Cost, of: BenchClient | undefined): void {
    const letter = letterOf(FOCUS, { ...to, callId: call.callId, confId: 'conf' }, news);
    cost.bytes += letter.kind === 'control' ? letter.text.length : JSON.stringify(letter.event).length;
    if (news.kind === 'ping') return;
    cost.messages += 1;
    if (of !== undefined && call.callId !== of.call.callId) cost.toOthers += 1;
  }

  #answerTo(effect: Effect): Input[] {
    switch (effect.kind) {
      case 'open': {
        const call = { key: effect.key, callId: effect.session.callId };
        const published = this.#clients.get(call.callId)?.tracks ?? [];
        return [
          { kind: 'answered', call, revision: effect.revision, answer: { sdp: 'answer', published, refused: [] } },
        ];
      }
      case 'make-offer':
        return [{ kind: 'offer-made', call: effect.call, revision: effect.revision, sdp: 'offer' }];
      case 'take-answer':
        return [{ kind: 'answer-taken', call: effect.call, revision: effect.revision }];
      case 'tell':
        return holdsOffer(effect.news)
          ? [
              {
                kind: 'said',
                call: effect.call,
                message: { kind: 'negotiate', description: { type: 'answer', sdp: 'answer' }, metadata: undefined },
                replyBy: 'control',
              },
            ]
          : [];
      default:
        return [];
    }
  }
}

function holdsOffer(news: News): boolean {
  return news.kind === 'offer' || (news.kind === 'admission' && news.earlyOffer !== undefined);
}

export function sumOf(costs: readonly Cost[]): Cost {
  return {
    ms: costs.reduce((sum, { ms }) => sum + ms, 0),
    messages: costs.reduce((sum, { messages }) => sum + messages, 0),
    toOthers: costs.reduce((sum, { toOthers }) => sum + toOthers, 0),
    bytes: costs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
