/** What the media engine says of anybody who takes part, client or focus. */
import { estimated } from './allotment.ts';
import { measure } from './layers.ts';
import type { MediaInput } from './messages.ts';
import { loud, spoke } from './speakers.ts';
import type { Conference, Participant } from './state.ts';
import { showLayer } from './viewing.ts';

export function takeFromMedia(conference: Conference, participant: Participant, input: MediaInput, now: number): void {
  switch (input.kind) {
    case 'estimated':
      return estimated(conference, participant, input.available);
    case 'measured':
      return measure(conference, participant, input.tracks, now);
    case 'shown':
      return showLayer(participant.viewing, input.track, input.layer);
    case 'loud':
      return loud(conference, participant, input.track, input.level, now);
    case 'dominant':
      return spoke(conference, participant, input.track);
  }
}
