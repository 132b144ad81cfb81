/** Plays one part in this network: `program.ts PART STATE_DIR PYTHON WORKER LOAD_PEER`. Tells how it goes on stderr, and what came of it on descriptor 3. */
import { writeSync } from 'node:fs';
import { endWithPeerLibrary } from '../../../loadtest/lab/peer-library.ts';
import { describeFailure } from '../../../setup/failure.mjs';
import { untilInterrupted } from '../../../setup/interrupt.ts';
import { playCuts } from '../cuts.ts';
import { playRefused } from '../refused/index.ts';
import { playSqueezed } from '../squeezed.ts';
import type { LabResults, Played } from './parts.ts';
import type { LabRun } from './place.ts';

const RESULT_DESCRIPTOR = 3;

const PLAYS: { [Part in keyof LabResults]: (run: LabRun) => Promise<LabResults[Part]> } = {
  squeezed: playSqueezed,
  cuts: playCuts,
  refused: playRefused,
};

function isPart(name: string | undefined): name is keyof LabResults {
  return name !== undefined && Object.hasOwn(PLAYS, name);
}

function say(played: Played<keyof LabResults>): void {
  writeSync(RESULT_DESCRIPTOR, `${JSON.stringify(played)}\n`);
}

const [part, stateDir = '', synapsePython = '', workerBin = '', loadPeer = ''] = process.argv.slice(2);
try {
  if (!isPart(part)) throw new Error(`there is no part ${part ?? ''}`);
  const failures: string[] = [];
  const result = await PLAYS[part]({
    ...{ stateDir, synapsePython, workerBin, loadPeer },
    signal: untilInterrupted(),
    tell: text => process.stderr.write(`${text}\n`),
    fail: reason => void failures.push(reason),
  });
  say({ kind: 'played', result, failures });
} catch (error) {
  console.error(describeFailure(error));
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
} finally {
  endWithPeerLibrary();
}
