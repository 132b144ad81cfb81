import type { Participant, Share, ShareCommand, ShareSample } from './messages.ts';
import { beside, emptySample } from './merge.ts';

/** Several shares as one: participants are dealt out in turn, the rest is for all. */
export class DealtShare implements Share {
  readonly #shares: readonly Share[];
  /** Users → who plays them. */
  readonly #players = new Map<string, Share>();
  #dealt = 0;

  constructor(shares: readonly Share[]) {
    this.#shares = shares;
  }

  say(command: ShareCommand): void {
    switch (command.kind) {
      case 'join':
        this.#deal(command.participants);
        break;
      case 'to-device':
        for (const share of this.#shares) {
          const events = command.events.filter(({ userId }) => this.#players.get(userId) === share);
          if (events.length > 0) share.say({ kind: 'to-device', events });
        }
        break;
      case 'start':
      case 'wanted':
      case 'hold':
      case 'stop':
        for (const share of this.#shares) share.say(command);
        break;
    }
  }

  take(): ShareSample {
    return this.#shares.reduce((sum, share) => beside(sum, share.take()), emptySample());
  }

  get lost(): string | undefined {
    return this.#shares.find(({ lost }) => lost !== undefined)?.lost;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#shares.map(share => share.stop()));
  }

  #deal(participants: readonly Participant[]): void {
    for (const participant of participants) {
      const share = this.#shares[this.#dealt % this.#shares.length];
      this.#dealt += 1;
      if (share === undefined) continue;
      this.#players.set(participant.device.userId, share);
      share.say({ kind: 'join', participants: [participant] });
    }
  }
}
