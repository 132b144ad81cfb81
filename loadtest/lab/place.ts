/** Where scenarios are played; whoever runs the lab provides it. */
import type { CallRoom, FocusDevice, MatrixDevice } from '../peers/call-place.ts';

export interface LabCall {
  room: CallRoom;
  users: readonly MatrixDevice[];
}

export interface LabPlace {
  /** Client API of the homeserver. */
  readonly homeserverUrl: string;
  readonly focus: FocusDevice;
  /** A call of its own with so many users in its room, and the focus. */
  openCall(users: number): Promise<LabCall>;
}

/** What a scenario tells while it plays. */
export interface LabWatch {
  /** What is being done. */
  step(text: string): void;
  /** The figures of now, in a line: each replaces the one before. */
  live(text: string): void;
  readonly signal: AbortSignal;
}
