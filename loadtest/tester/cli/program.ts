/** The command line: `weir-loadtest run`, `registration`, `scenarios`, `compare`. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { comparisonTable } from '../compare-table.ts';
import { compare } from '../compare.ts';
import { messageOf, TesterFailure } from '../failure.ts';
import { newRegistration, writeRegistration } from '../homeserver/registration.ts';
import type { LoadTestOptions } from '../options.ts';
import type { Compared } from '../report/compare-page.ts';
import { readResult } from '../result-file.ts';
import type { RunResult } from '../result.ts';
import type { LocalOptions } from '../share/local-share.ts';
import { ENDPOINTS, VIAS } from '../share/messages.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { type GivenOptions, hostAndPort, localOf, readRunOptions } from './run-options.ts';
import { loadScenario, scenarioNames } from './scenario-files.ts';

/** What the command line needs of the process around it. */
export interface CommandLineWorld {
  run(options: Omit<LoadTestOptions, 'signal'>, shown: { quiet: boolean }): Promise<RunResult>;
  join(options: { leader: string; token: string; local: LocalOptions }): Promise<void>;
  /** The report as HTML. */
  report(result: RunResult): string;
  /** Two runs over each other, as HTML. */
  comparison(compared: Compared): string;
  readFile(file: string): string;
  writeFile(file: string, text: string): void;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether Ctrl-C, or a signal like it, ended the command. */
  wasInterrupted(): boolean;
  env: Readonly<Record<string, string | undefined>>;
}

const ABOUT = `Loads a conferencing focus (MSC3401 + MSC3898) through a real homeserver, and judges what its participants receive.

It knows nothing of the inside of the focus, and runs anywhere from where homeserver and focus can be reached.`;

const MORE = `
Begin with:
  weir-loadtest scenarios                       what can be played
  weir-loadtest registration > loadtest.yaml    makes the tester an application service of your homeserver;
                                                name the file in its configuration, and restart it
  weir-loadtest run meeting --participants 10 --appservice loadtest.yaml \\
    --homeserver https://matrix.example.org --focus-user @focus:example.org --focus-device WEIR

Exit codes:
  ${EXIT.ok}    all steps were held, or the number at which it fails was found
  ${EXIT.failed}    the run could not be made, or could not go on
  ${EXIT.usage}    the command line or a file is wrong: to start again unchanged is useless
  ${EXIT.notHeld}    the first step failed already
  ${EXIT.void}    the tester itself was the limit: the run says nothing about the focus
  ${EXIT.interrupted}  interrupted; all participants have left`;

type RunFlags = GivenOptions & { join?: string; json?: string; report?: string; quiet: boolean };

/** Carries out a command line (without program and script name). Resolves with the exit code; never rejects. */
export async function runCommandLine(args: readonly string[], world: CommandLineWorld): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  try {
    const program = buildProgram(world, code => {
      exit = code;
    });
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (world.wasInterrupted()) return EXIT.interrupted;
    world.stderr(describe(thrown));
    return EXIT.failed;
  }
}

/** As a person reads it: the stack is of use only where nobody foresaw the error. */
function describe(error: unknown): string {
  if (!(error instanceof TesterFailure))
    return `weir-loadtest: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
  const cause =
    error.cause instanceof Error && !error.message.includes(error.cause.message) ? `\n  (${error.cause.message})` : '';
  return `weir-loadtest: ${error.message}${cause}\n→ ${error.remedy}\n`;
}

function buildProgram(world: CommandLineWorld, end: (code: ExitCode) => void): Command {
  const program = new Command('weir-loadtest')
    .description(ABOUT)
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', MORE)
    .showHelpAfterError('(weir-loadtest --help says more)')
    .configureOutput({ writeOut: text => world.stdout(text), writeErr: text => world.stderr(text) })
    .exitOverride();

  addRun(program, world, end);

  program
    .command('registration')
    .description('print a registration file with fresh tokens, for the homeserver and for --appservice; keep it secret')
    .option('--url <url>', 'where the homeserver reaches the tester, which listens there', 'http://127.0.0.1:9797')
    .option('--prefix <text>', 'begin of the names of all users', 'weir-load-')
    .action(({ url, prefix }: { url: string; prefix: string }) => {
      world.stdout(writeRegistration(newRegistration(url, prefix)));
    });

  program
    .command('scenarios')
    .description('say what can be played')
    .action(() => {
      for (const name of scenarioNames()) {
        const loaded = loadScenario(name);
        const about = loaded.kind === 'ok' ? loaded.scenario.description : 'is wrong';
        world.stdout(`${name.padEnd(16)} ${about}\n`);
      }
    });

  program
    .command('compare')
    .description('set the results of two runs (--json) side by side')
    .argument('<a>', 'file')
    .argument('<b>', 'file')
    .option('--report <file>', 'both over each other, as HTML')
    .action((a: string, b: string, { report }: { report?: string }) => {
      const [one, other] = [a, b].map(file => readResultFile(world, file));
      if (one === undefined || other === undefined) {
        end(EXIT.usage);
        return;
      }
      const comparison = compare(one, other);
      for (const line of comparisonTable(comparison, { a, b })) world.stdout(`${line}\n`);
      if (report === undefined) return;
      world.writeFile(report, world.comparison({ comparison, a: one, b: other, names: { a, b } }));
    });
  return program;
}

function addRun(program: Command, world: CommandLineWorld, end: (code: ExitCode) => void): void {
  program
    .command('run', { isDefault: true })
    .description('play a scenario (the default command)')
    .argument('[scenario]', 'name of one that comes with the tester, or a file', 'meeting')
    .optionsGroup('What is loaded:')
    .option('--homeserver <url>', 'client API of the homeserver')
    .option('--focus-user <id>', 'Matrix user of the focus')
    .option('--focus-device <id>', 'its device')
    .addOption(new Option('--via <way>', 'how participants reach the focus').choices(VIAS).default('to-device'))
    .option('--focus-url <url>', 'where the focus serves HTTP; for --via ws')
    .optionsGroup('Who takes part:')
    .option('--appservice <file>', 'registration file: users are made as they are needed')
    .option(
      '--tokens <file>',
      'JSON lines {user_id, access_token, device_id}, one for each participant and one for the canary',
    )
    .option('--room <id>', 'a room with a call, that the users can join; one is made otherwise')
    .option('--conf <id>', 'state key of the call in it')
    .option('--member-events', 'write their member events too, for a focus that asks for them', false)
    .optionsGroup('How many, and how long:')
    .option('--participants <n>', 'at the end of the ramp; takes the preset of the scenario', whole(1, 10_000))
    .option('--steps <n,n,…>', 'numbers of participants that are held one after the other', steps)
    .option('--joins-per-second <n>', 'while the ramp grows', number(0.1, 1_000))
    .option('--settle <s>', 'longest wait until all have media', number(0, 3_600))
    .option('--hold <s>', 'how long each step is held', number(1, 86_400))
    .option('--until-unhappy <pct>', 'share of unhappy receivers that fails a step', number(0, 100), 1)
    .optionsGroup('What is measured:')
    .option('--focus-pid <pid>', 'main process of the focus, on this machine', whole(1, 4_194_304))
    .option('--focus-metrics <url>', 'Prometheus metrics of the focus')
    .option('--homeserver-pid <pid>', 'process of the homeserver, on this machine', whole(1, 4_194_304))
    .option('--homeserver-metrics <url>', 'Prometheus metrics of the homeserver')
    .option('--no-canary', 'no Chromium in the call that judges by real decoding')
    .option('--chromium <file>', 'its executable', '/usr/bin/chromium')
    .optionsGroup('The tester itself:')
    .option('--processes <n>', 'for participants; one for each core otherwise', whole(1, 256))
    .addOption(
      new Option('--endpoint <stack>', 'WebRTC stack of the participants').choices(ENDPOINTS).default(ENDPOINTS[0]),
    )
    .option('--bind <address>', 'IPv4 address that their sockets are bound to', '0.0.0.0')
    .option('--lead <host:port>', 'take other testers in, which join there')
    .option('--testers <n>', 'how many others are waited for', whole(1, 64), 1)
    .option('--join <host:port>', 'join the run of another tester, which says all the rest')
    .option('--token <text>', 'what both must know; better given as WEIR_LOADTEST_TOKEN')
    .optionsGroup('What it leaves:')
    .option('--json <file>', 'result as JSON; - for stdout')
    .option('--report <file>', 'report as HTML')
    .option('--quiet', 'no live view', false)
    .action(async (name: string, flags: RunFlags) => {
      end(await run(name, flags, world));
    });
}

async function run(name: string, flags: RunFlags, world: CommandLineWorld): Promise<ExitCode> {
  const token = flags.token ?? world.env['WEIR_LOADTEST_TOKEN'];
  if (flags.join !== undefined) {
    if (token === undefined || hostAndPort(flags.join) === undefined) {
      world.stderr('weir-loadtest: --join needs HOST:PORT and --token (or WEIR_LOADTEST_TOKEN)\n');
      return EXIT.usage;
    }
    await world.join({ leader: flags.join, token, local: localOf({ ...flags, ...engineOf(world) }) });
    return EXIT.ok;
  }
  const loaded = loadScenario(name);
  if (loaded.kind === 'bad') {
    for (const { path, message } of loaded.problems) {
      world.stderr(`${loaded.file}: ${path === '' ? '' : `${path} `}${message}\n`);
    }
    return EXIT.usage;
  }
  let options: ReturnType<typeof readRunOptions>;
  try {
    options = readRunOptions(
      { ...flags, ...engineOf(world), ...(token === undefined ? {} : { token }) },
      loaded.scenario,
    );
  } catch (error) {
    world.stderr(describe(error));
    return EXIT.usage;
  }
  const result = await world.run(options, { quiet: flags.quiet });
  if (flags.report !== undefined) world.writeFile(flags.report, world.report(result));
  const json = `${JSON.stringify(result, undefined, 2)}\n`;
  if (flags.json === '-') world.stdout(json);
  else if (flags.json !== undefined) world.writeFile(flags.json, json);
  return exitOf(result);
}

/** The set-up says where it has built it. */
function engineOf({ env }: CommandLineWorld): Pick<GivenOptions, 'engine'> {
  const { WEIR_LOAD_PEER_BIN: engine } = env;
  return engine === undefined || engine === '' ? {} : { engine };
}

export function exitOf({ capacity }: Pick<RunResult, 'capacity'>): ExitCode {
  switch (capacity?.kind) {
    case undefined:
      return EXIT.failed;
    case 'void':
      return EXIT.void;
    case 'found':
      return capacity.held === 0 ? EXIT.notHeld : EXIT.ok;
    case 'at-least':
      return EXIT.ok;
  }
}

function readResultFile(world: CommandLineWorld, file: string): RunResult | undefined {
  try {
    const read = readResult(world.readFile(file));
    if (read.kind === 'ok') return read.result;
    for (const problem of read.problems) world.stderr(`${file}: ${problem}\n`);
  } catch (error) {
    world.stderr(`${file}: ${messageOf(error)}\n`);
  }
  return undefined;
}

function number(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`A number from ${min} to ${max} is expected.`);
    }
    return value;
  };
}

function whole(min: number, max: number): (text: string) => number {
  return text => {
    const value = number(min, max)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError('A whole number is expected.');
    return value;
  };
}

function steps(text: string): number[] {
  return text.split(',').map(whole(1, 10_000));
}
