import type { BareOptions } from './router.ts';

/** `request` comes back with the answer. */
export type BareCommand =
  | { kind: 'start'; options: BareOptions }
  | { kind: 'connect'; request: number; sdp: string }
  | { kind: 'offer'; request: number; peer: number }
  | { kind: 'accept'; request: number; peer: number; sdp: string };

export type BareReport =
  | { kind: 'started'; workerPid: number }
  | { kind: 'answered'; request: number; peer: number; sdp: string }
  /** Of the start where no request is named. */
  | { kind: 'failed'; request: number | undefined; message: string };
