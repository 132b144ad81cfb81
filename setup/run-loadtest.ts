/** Gets what the load tester needs on this machine, then runs it with our arguments. */
import { describeFailure } from './failure.mjs';
import { untilInterrupted } from './interrupt.ts';
import { builtLoadPeer, cachedLoadPeer, LOAD_PEER_PACKAGES } from './load-peer.ts';
import { installPackages, missingPackages } from './system-packages.ts';

const args = process.argv.slice(2);
const gives = (pattern: RegExp): boolean => args.some(arg => pattern.test(arg));
/** The others need nothing. */
const runs = args.length > 0 && !gives(/^(-h|--help|help|registration|scenarios|compare)$/);

function tell(text: string): void {
  process.stderr.write(`… ${text}\n`);
}

async function setUp(): Promise<void> {
  const signal = untilInterrupted();
  const needsEngine = !gives(/^(--endpoint=)?datachannel$/);
  const engine = needsEngine ? await cachedLoadPeer() : undefined;
  const builds = needsEngine && engine === undefined;
  const missing = await missingPackages([
    // The canary's.
    ...(gives(/^(--no-canary|--chromium|--join)(=|$)/) ? [] : ['chromium']),
    ...(builds ? LOAD_PEER_PACKAGES : []),
  ]);
  if (missing.length > 0) {
    tell(`install ${missing.join(', ')}`);
    await installPackages(missing, signal, () => undefined);
  }
  if (builds) tell('build the engine of the load peers (once: half a minute)');
  const binary = builds ? await builtLoadPeer(signal, () => undefined) : engine;
  if (binary !== undefined) process.env['WEIR_LOAD_PEER_BIN'] = binary;
}

try {
  if (runs) await setUp();
  await import('../loadtest/tester/main.ts');
} catch (error) {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exitCode = 1;
}
