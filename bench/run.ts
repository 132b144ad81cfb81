/** `npm run bench -- …`: reads what is to be measured, and measures it. */
import { endPeerLibrary } from '../loadtest/lab/peer-library.ts';
import { describeFailure } from '../setup/failure.mjs';
import { Interrupted, INTERRUPTED_EXIT_CODE, untilInterrupted } from '../setup/interrupt.ts';
import { type Mode, readArguments, USAGE } from './arguments.ts';
import { runCascade } from './cascade/index.ts';
import { runE2ee } from './e2ee/index.ts';
import { runNetwork } from './network.ts';
import { runScale } from './scale/index.ts';
import { runSessions } from './sessions/index.ts';
import { runSignalling } from './signalling.ts';

async function run(mode: Mode, signal: AbortSignal): Promise<number> {
  switch (mode.kind) {
    case 'help':
      console.log(USAGE);
      return 0;
    case 'network':
      return runNetwork(mode, signal);
    case 'sessions':
      return runSessions(mode, signal);
    case 'signalling':
      return runSignalling(mode, signal);
    case 'scale':
      return runScale(mode, signal);
    case 'cascade':
      return runCascade(mode, signal);
    case 'e2ee':
      return runE2ee(mode, signal);
  }
}

const signal = untilInterrupted();
try {
  process.exitCode = await run(readArguments(process.argv.slice(2)), signal);
} catch (error) {
  console.error(`\n${error instanceof Interrupted ? error.message : describeFailure(error)}`);
  process.exitCode = error instanceof Interrupted ? INTERRUPTED_EXIT_CODE : 1;
} finally {
  endPeerLibrary();
}
