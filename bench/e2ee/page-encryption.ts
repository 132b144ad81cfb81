/** What the call page offers to checks of its encryption where its link says so, as `window.weir.encryption`, and how it is asked. */
import type { Participant } from '../../demo/check/participant.ts';

/** One frame that the page's own worker encrypted, or decrypted and found authentic. */
export interface WitnessedFrame {
  direction: 'sent' | 'received';
  kind: 'audio' | 'video';
  /** JSON of [user id, device id] of its sender. */
  from: string;
  /** Decimal, as is the counter: 64 bits each. */
  keyId: string;
  counter: string;
  /** Of the frame in the clear: see `frameDigest`. */
  digest: string;
  /** When it was encrypted, or decrypted, ms since 1970. */
  at: number;
}

/** A key for frames, of our own or as somebody shared it. */
export interface HeldKey {
  /** Whose frames it is for: JSON of [user id, device id]. */
  from: string;
  /** Of its sender: each join makes a new one. */
  stay: string;
  generation: number;
  step: number;
  /** Base64, padded or not. */
  baseKey: string;
}

/** A stream that is not shown. */
export interface UndecryptedStream {
  streamId: string;
  reason: string;
}

/** Frames and keys are in the page's worker, so it may answer by and by. */
export interface PageEncryption {
  /** Of the call: what the page's lock says. */
  state(): string | Promise<string>;
  /** All frames since it was last asked, also those from before it left. */
  witness(): WitnessedFrame[] | Promise<WitnessedFrame[]>;
  /** Its own and those of others: as they are held, or as they ever were. */
  keys(): HeldKey[] | Promise<HeldKey[]>;
  cannotDecrypt(): UndecryptedStream[] | Promise<UndecryptedStream[]>;
}

/** Makes a page keep what it tells here, by its link. */
export const WITNESS = 'witness=1';

/** All of it at one moment. */
export interface EncryptionReport {
  state: string;
  witnessed: WitnessedFrame[];
  keys: HeldKey[];
  undecrypted: UndecryptedStream[];
}

/** `undefined` where the page offers nothing of the kind. */
export async function readEncryption({ page }: Participant): Promise<EncryptionReport | undefined> {
  return page.evaluate(async () => {
    // The page's own object, of which other checks declare other parts.
    const weir: unknown = Reflect.get(globalThis, 'weir');
    if (typeof weir !== 'object' || weir === null) return undefined;
    const offered = Reflect.get(weir, 'encryption') as PageEncryption | undefined;
    if (offered === undefined) return undefined;
    return {
      state: await offered.state(),
      witnessed: await offered.witness(),
      keys: await offered.keys(),
      undecrypted: await offered.cannotDecrypt(),
    };
  });
}

/** Who sends, as frames and keys name it. */
export function senderOf({ user }: Pick<Participant, 'user'>): string {
  return JSON.stringify([user.userId, user.deviceId]);
}
