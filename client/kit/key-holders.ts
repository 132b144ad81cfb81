/** Who holds the keys of a call, whether they are verified, and the code by which people compare that. */
import { type Device, verificationCode } from '../encryption/index.ts';
import type { KeyHolder } from './encryption-state.ts';
import type { Homeserver } from './homeserver.ts';

export interface HoldersRoom {
  readonly self: Device;
  readonly homeserver: Pick<Homeserver, 'identities'>;
}

/** Devices come and go in swarms, and a code takes some ms of work. */
const CALM_MS = 300;
/** Where the homeserver did not tell, or a device has published nothing yet. */
const AGAIN_MS = 5_000;

export class KeyHolders {
  readonly #room: HoldersRoom;
  readonly #changed: () => void;
  #devices: readonly Device[] = [];
  #holders: readonly KeyHolder[] = [];
  #code: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was asked: an answer to an earlier question is void. */
  #asked = 0;

  constructor(room: HoldersRoom, changed: () => void) {
    this.#room = room;
    this.#changed = changed;
  }

  /** Ours among them. */
  get holders(): readonly KeyHolder[] {
    return this.#holders;
  }

  /** `undefined` until all devices are known, and where the host of a widget does not tell. */
  get code(): string | undefined {
    return this.#code;
  }

  /** @param devices who is in the call beside us */
  follow(devices: readonly Device[]): void {
    const all = [this.#room.self, ...devices];
    if (namesOf(all) === namesOf(this.#devices)) return;
    this.#devices = all;
    this.#code = undefined;
    this.#holders = all.map(
      device => this.#holders.find(known => isSame(known, device)) ?? { ...deviceOf(device), verified: undefined },
    );
    this.#changed();
    this.#askAfter(CALM_MS);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#devices = [];
    this.#holders = [];
    this.#code = undefined;
  }

  #askAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    const question = this.#asked;
    this.#timer = setTimeout(() => {
      this.#ask(question).catch(() => {
        if (question === this.#asked) this.#askAfter(AGAIN_MS);
      });
    }, ms);
  }

  async #ask(question: number): Promise<void> {
    const identities = await this.#room.homeserver.identities(this.#devices);
    if (identities === undefined) return;
    const fingerprints = identities.flatMap(({ userId, deviceId, fingerprint }) =>
      fingerprint === undefined ? [] : [{ userId, deviceId, fingerprint }],
    );
    const isWhole = fingerprints.length === this.#devices.length;
    const groups = isWhole ? await verificationCode(fingerprints) : undefined;
    if (question !== this.#asked) return;
    this.#holders = identities.map(({ userId, deviceId, verified }) => ({ userId, deviceId, verified }));
    this.#code = groups?.join(' ');
    this.#changed();
    if (!isWhole) this.#askAfter(AGAIN_MS);
  }
}

function deviceOf({ userId, deviceId }: Device): Device {
  return { userId, deviceId };
}

function isSame(one: Device, other: Device): boolean {
  return one.userId === other.userId && one.deviceId === other.deviceId;
}

function namesOf(devices: readonly Device[]): string {
  return JSON.stringify(devices.map(({ userId, deviceId }) => [userId, deviceId]));
}
