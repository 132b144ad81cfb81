/** Gets what the load tester needs on this machine, then runs it with our arguments. */
import { describeFailure } from './failure.mjs';
import { untilInterrupted } from './interrupt.ts';
import { installPackages, missingPackages } from './system-packages.ts';

const args = process.argv.slice(2);
/** The canary's browser, where there is one: a run alone needs it. */
const needsBrowser =
  args.length > 0 &&
  !args.some(arg => /^(-h|--help|help|--no-canary|--join|--chromium|registration|scenarios|compare)(=|$)/.test(arg));

try {
  if (needsBrowser) {
    const missing = await missingPackages(['chromium']);
    if (missing.length > 0) {
      process.stderr.write(`… install ${missing.join(', ')}\n`);
      await installPackages(missing, untilInterrupted(), () => undefined);
    }
  }
  await import('../loadtest/tester/main.ts');
} catch (error) {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exitCode = 1;
}
