/** What the room lets us publish, as the page says it. */
import type { CallRoom, PublishedKind } from '../kit/index.ts';

/** What has a button of its own. */
export type ShownKind = Exclude<PublishedKind, 'data'>;

const REFUSALS: Readonly<Record<ShownKind, string>> = {
  audio: 'Only moderators may speak here',
  video: 'Only moderators may show a camera here',
  screen: 'Only moderators may share a screen here',
};

/** What the button of the kind says instead; `undefined` where we may. */
export function refusalOf(room: Pick<CallRoom, 'mayPublish'>, kind: ShownKind): string | undefined {
  return room.mayPublish(kind) ? undefined : REFUSALS[kind];
}

const ACTS: Readonly<Record<ShownKind, string>> = {
  audio: 'speak',
  video: 'show a camera',
  screen: 'share a screen',
};

/** All that we may not do here, in a sentence or two; `undefined` where there is nothing. */
export function rulesInWords(room: Pick<CallRoom, 'mayPublish'>): string | undefined {
  const kinds = ['audio', 'video', 'screen'] as const;
  const acts = kinds.filter(kind => !room.mayPublish(kind)).map(kind => ACTS[kind]);
  if (acts.length === 0) return undefined;
  if (acts.length === kinds.length) return 'You are watching. Only moderators may speak or show anything here.';
  const last = acts.at(-1) ?? '';
  const list = acts.length === 1 ? last : `${acts.slice(0, -1).join(', ')} or ${last}`;
  return `Only moderators may ${list} here.`;
}
