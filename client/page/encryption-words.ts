/** What the lock of a call says. Pure. */
import type { Device, EncryptionState, KeyHolder } from '../kit/index.ts';

/** How the lock looks. `checked`: encrypted, and every other device is verified. */
export type LockLook = 'checked' | 'closed' | 'open' | 'broken';

export interface LockWords {
  look: LockLook;
  /** Beside the lock. */
  short: string;
  /** Title of what the lock opens. */
  title: string;
  /** What it means: a paragraph. */
  meaning: string;
}

export function lockWords(state: EncryptionState, self: Device): LockWords {
  switch (state.kind) {
    case 'on':
      return {
        look: isEverybodyVerified(state.holders, self) ? 'checked' : 'closed',
        short: 'Encrypted',
        title: 'End-to-end encrypted',
        meaning:
          'Only the devices below can see and hear this call. The conference server passes it on and cannot open it.',
      };
    case 'off':
      return {
        look: 'open',
        short: 'Not encrypted',
        title: 'Not end-to-end encrypted',
        meaning:
          'On its way to the conference server and from there to the others, this call is protected. On the server it is not: whoever runs it could see and hear everything.',
      };
    case 'unavailable':
      return {
        look: 'broken',
        short: 'Cannot encrypt',
        title: 'Encryption does not work here',
        meaning:
          'This room is encrypted: the others encrypt what they send, and without that you can neither see nor hear them.',
      };
  }
}

/** One who is not known to be verified is taken as not. */
function isEverybodyVerified(holders: readonly KeyHolder[], self: Device): boolean {
  const others = holders.filter(holder => !isSame(holder, self));
  return others.length > 0 && others.every(({ verified }) => verified === true);
}

function isSame(a: Device, b: Device): boolean {
  return a.userId === b.userId && a.deviceId === b.deviceId;
}

/** A device in the list. */
export interface ListedHolder {
  holder: KeyHolder;
  name: string;
  mark: 'self' | 'verified' | 'unverified' | 'unknown';
}

/** Ours first, then by name; those of the same person stand together. */
export function listHolders(
  holders: readonly KeyHolder[],
  self: Device,
  nameOf: (userId: string) => string,
): ListedHolder[] {
  const listed = holders.map((holder): ListedHolder => {
    const mark = holder.verified === undefined ? 'unknown' : holder.verified ? 'verified' : 'unverified';
    return { holder, name: nameOf(holder.userId), mark: isSame(holder, self) ? 'self' : mark };
  });
  const orderOf = ({ holder, name, mark }: ListedHolder): string[] => [
    mark === 'self' ? '0' : '1',
    name,
    holder.userId,
    holder.deviceId,
  ];
  return listed.toSorted((a, b) => {
    const [left, right] = [orderOf(a), orderOf(b)];
    const at = left.findIndex((part, index) => part !== right[index]);
    return at < 0 ? 0 : (left[at] ?? '').localeCompare(right[at] ?? '');
  });
}

export const MARK_WORDS: Readonly<Record<ListedHolder['mark'], string>> = {
  self: 'This device',
  verified: 'Verified',
  unverified: 'Not verified',
  unknown: 'Not known',
};

/** "6, of them 2 not verified": so that nobody has to scroll for them. */
export function countHolders(listed: readonly ListedHolder[]): string {
  const unverified = listed.filter(({ mark }) => mark === 'unverified').length;
  return unverified === 0 ? `${listed.length}` : `${listed.length}, of them ${unverified} not verified`;
}

/** What the marks together mean, and what to do. */
export function marksInWords(listed: readonly ListedHolder[]): string {
  const others = listed.filter(({ mark }) => mark !== 'self');
  if (others.length === 0) return 'You are alone: nobody else has a key.';
  if (others.some(({ mark }) => mark === 'unknown')) {
    return 'The app that shows this call knows who is verified; it does not tell this page.';
  }
  if (others.every(({ mark }) => mark === 'verified')) return 'You have verified everybody here.';
  return 'Not verified: nobody has confirmed that the device is this person’s. Compare the code, or verify them in your chat app.';
}

/** Groups of the verification code. */
export function codeGroups(code: string): string[] {
  return code.split(/\s+/).filter(Boolean);
}

/** The code for a screen reader: each digit by itself, with a pause after each group. */
export function spokenCode(code: string): string {
  return codeGroups(code)
    .map(group => [...group].join(' '))
    .join(', ');
}
