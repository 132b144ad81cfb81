/** What a screen reader says about the others. Pure. */

/** One of the others, as far as it is told. */
export interface Heard {
  key: string;
  name: string;
  audioMuted: boolean;
  sharing: boolean;
  /** What they send cannot be decrypted. */
  sealed: boolean;
}

const MOST_NAMES = 3;

function listNames(names: string[]): string {
  if (names.length > MOST_NAMES) return `${names.length} people`;
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}

/** One sentence for each kind of change. */
export function describeChanges(before: readonly Heard[], after: readonly Heard[]): string[] {
  const old = new Map(before.map(heard => [heard.key, heard]));
  const names = (heard: Heard[]): string => listNames(heard.map(({ name }) => name));
  const joined = after.filter(({ key }) => !old.has(key));
  const left = before.filter(({ key }) => !after.some(heard => heard.key === key));
  const changed = (test: (was: Heard, is: Heard) => boolean): Heard[] =>
    after.filter(is => {
      const was = old.get(is.key);
      return was !== undefined && test(was, is);
    });
  const told: [Heard[], string][] = [
    [joined, 'joined'],
    [left, 'left'],
    [changed((was, is) => !was.audioMuted && is.audioMuted), 'muted'],
    [changed((was, is) => was.audioMuted && !is.audioMuted), 'unmuted'],
    [changed((was, is) => !was.sharing && is.sharing), 'shared a screen'],
    [changed((was, is) => was.sharing && !is.sharing), 'stopped sharing'],
    [after.filter(({ key, sealed }) => sealed && old.get(key)?.sealed !== true), 'cannot be decrypted'],
    [changed((was, is) => was.sealed && !is.sealed), 'can be decrypted again'],
  ];
  return told.filter(([who]) => who.length > 0).map(([who, what]) => `${names(who)} ${what}.`);
}
