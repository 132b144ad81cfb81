/** What a person reads about the connection: what is the matter, and what happens next. Pure. */
import type { CallState, Problem } from '../kit/index.ts';

/** What lies over the pictures while something is the matter. */
export interface ConnectionNote {
  /** `trouble`: sound and picture stand still. `hint`: the call goes on. */
  tone: 'trouble' | 'hint';
  text: string;
  /** When it began, in ms since 1970: told in seconds, where waiting has a meaning. */
  since?: number;
}

/** What is known beside the state of the call. */
export interface ConnectionCircumstances {
  /** The line of fast signalling. */
  signalling: 'open' | 'cut' | 'none';
  /** The homeserver does not answer, or worse. */
  homeserver: Problem | undefined;
}

/** The state in two words. */
export function shortWords(state: CallState): string {
  switch (state.kind) {
    case 'joining':
      return 'Connecting…';
    case 'connected':
      return 'Connected';
    case 'reconnecting':
      return state.networkGone ? 'No network' : 'Reconnecting…';
    case 'idle':
    case 'left':
    case 'ended':
      return 'Not connected';
  }
}

/** The longer story; `undefined` where there is none. Problems that need a person have a place of their own. */
export function connectionNote(
  state: CallState,
  { signalling, homeserver }: ConnectionCircumstances,
): ConnectionNote | undefined {
  switch (state.kind) {
    case 'reconnecting':
      if (state.networkGone) {
        return { tone: 'trouble', text: 'Your network is gone; the call goes on when it is back' };
      }
      return state.by === 'path'
        ? { tone: 'trouble', text: 'Looking for another way to the call…', since: state.since }
        : { tone: 'trouble', text: 'Joining the call again…', since: state.since };
    case 'connected':
      if (signalling === 'cut') return { tone: 'hint', text: 'Signalling is cut, the call goes on' };
      return homeserver === undefined || homeserverAlarm(state, { signalling, homeserver }) !== undefined
        ? undefined
        : { tone: 'hint', text: `${homeserver.title}, the call goes on` };
    case 'idle':
    case 'joining':
    case 'left':
    case 'ended':
      return undefined;
  }
}

/** Trouble of the homeserver that deserves an alarm: what it is needed for now does not get through. */
export function homeserverAlarm(
  state: CallState,
  { signalling, homeserver }: ConnectionCircumstances,
): Problem | undefined {
  const goesOn = state.kind === 'connected' && signalling === 'open' && homeserver?.code !== 'TOKEN_REFUSED';
  return goesOn ? undefined : homeserver;
}
