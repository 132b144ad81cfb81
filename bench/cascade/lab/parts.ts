/** What is told between own-network.ts and program.ts, as one line of JSON. */
import type { Cuts } from '../cut-figures.ts';
import type { Refusals } from '../refused/figures.ts';
import type { Squeezed } from '../squeezed-figures.ts';

export interface LabOptions {
  /** Folder of all state and logs. */
  stateDir: string;
  synapsePython: string;
  /** Executable of the mediasoup worker. */
  workerBin: string;
  /** Executable of the engine of native load peers. */
  loadPeer: string;
}

/** What each part measures. */
export interface LabResults {
  squeezed: Squeezed;
  cuts: Cuts;
  refused: Refusals;
}

export type Played<Part extends keyof LabResults> =
  | { kind: 'played'; result: LabResults[Part]; failures: string[] }
  | { kind: 'failed'; message: string };
