/** What is told between own-network.ts and program.ts, as JSON. */
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

export interface Played<Part extends keyof LabResults> {
  result: LabResults[Part];
  failures: string[];
}
