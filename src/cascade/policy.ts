/** What the operator grants the foci of a server. */
import { isOfServers, serverOf } from '../../signalling/addresses/server-patterns.ts';
import type { FocusId } from '../session.ts';

export interface PolicyLimits {
  allowedServers: readonly string[];
  deniedServers: readonly string[];
  /** Trunks at one time, of one server. */
  trunksPerServer: number;
  /** Hellos, of one server. */
  handshakesPerMinute: number;
}

const WINDOW_MS = 60_000;
/** Servers whose hellos are counted at one time. */
const MOST_SERVERS = 10_000;

export class Policy {
  readonly #limits: PolicyLimits;
  readonly #trunks = new Map<string, number>();
  readonly #hellos = new Map<string, { since: number; count: number }>();

  constructor(limits: PolicyLimits) {
    this.#limits = limits;
  }

  /** Whether there may be trunks to the server of a focus at all. */
  allows({ userId }: FocusId): boolean {
    return isOfServers(this.#limits.allowedServers, userId) && !isOfServers(this.#limits.deniedServers, userId);
  }

  /** Counts a hello. False where the server has said too many within a minute. */
  takesHello(peer: FocusId, now: number): boolean {
    const server = serverNameOf(peer);
    const counted = this.#hellos.get(server);
    if (counted === undefined || now - counted.since >= WINDOW_MS) {
      this.#forgetOld(now);
      if (this.#hellos.size >= MOST_SERVERS) return false;
      this.#hellos.set(server, { since: now, count: 1 });
      return true;
    }
    counted.count += 1;
    return counted.count <= this.#limits.handshakesPerMinute;
  }

  /** Takes a place for a trunk. False where the server has as many as it may. */
  takePlace(peer: FocusId): boolean {
    const server = serverNameOf(peer);
    const taken = this.#trunks.get(server) ?? 0;
    if (taken >= this.#limits.trunksPerServer) return false;
    this.#trunks.set(server, taken + 1);
    return true;
  }

  /** Gives a place back that was taken. */
  leavePlace(peer: FocusId): void {
    const server = serverNameOf(peer);
    const left = (this.#trunks.get(server) ?? 1) - 1;
    if (left > 0) this.#trunks.set(server, left);
    else this.#trunks.delete(server);
  }

  #forgetOld(now: number): void {
    if (this.#hellos.size < MOST_SERVERS) return;
    for (const [server, { since }] of this.#hellos) if (now - since >= WINDOW_MS) this.#hellos.delete(server);
  }
}

function serverNameOf({ userId }: FocusId): string {
  return serverOf(userId)?.toLowerCase() ?? '';
}
