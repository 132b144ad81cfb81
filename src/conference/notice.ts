/** What the others have to notice of a participant. In a call of hundreds most only watch: nobody is told of them. */
import type { Conference, Participant } from './state.ts';

/** It sends, or says that it will. */
export function isPublisher({ metadata, published }: Participant): boolean {
  return published.size > 0 || Object.keys(metadata).length > 0;
}

/** The participant came, went, or fell silent: what it published comes and goes with it, and places among data channels become free. */
export function noticed(conference: Conference, participant: Participant): void {
  const { channels, forwards } = participant.data;
  if (isPublisher(participant)) conference.metadataVersion++;
  if (channels.size > 0 || forwards.size > 0) conference.dataVersion++;
}
