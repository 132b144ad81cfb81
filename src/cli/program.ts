/** The command line: `weir run`, `weir check-config`, `weir sample-config`. */
import { Command, CommanderError } from 'commander';
import type { Config, Problem } from '../../config/config.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { sampleConfig } from '../../config/sample.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';

/** What a command ends with. */
export const EXIT = {
  /** The command did what it was asked; `run` was told to stop. */
  ok: 0,
  /** `run` could not start, or could not go on. */
  failed: 1,
  /** The command line or the configuration is wrong; to start again unchanged is useless. */
  usage: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What the command line needs of the process around it. */
export interface CommandLineWorld {
  /** Runs the focus until it is told to stop. Rejects where it cannot start or go on. `warnings` are for its log. */
  run(config: Config, warnings: Problem[]): Promise<void>;
  /** Writes text, newlines included. */
  stdout(text: string): void;
  stderr(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
  version: string;
}

const DEFAULT_FILE = 'weir.yaml';

const ABOUT = `A decentralised conferencing focus (SFU) for Matrix: MSC3401 + MSC3898.

It logs in to your homeserver as a user of its own, joins the rooms that it is invited to, and forwards the media \
of the calls there.`;

const MORE = `
Begin with:
  weir sample-config > weir.yaml     every key, with its default, unit and meaning
  weir check-config                  everything that is wrong with it, at once
  weir run                           runs the focus until Ctrl-C or SIGTERM

Secrets come from files that weir.yaml names, or from the environment:
  WEIR_ACCESS_TOKEN                  access token of the focus's account, or
  WEIR_PASSWORD                      its password
  STATE_DIRECTORY                    state directory, where state_dir is absent (systemd sets it)
  MEDIASOUP_WORKER_BIN               media worker, where media.worker_bin is absent

Exit codes:
  ${EXIT.ok}  done; the focus was told to stop
  ${EXIT.failed}  the focus could not start, or could not go on
  ${EXIT.usage}  the command line or the configuration is wrong: to start again unchanged is useless`;

/** Carries out a command line (without program and script name). Resolves with the exit code; never rejects. */
export async function runCommandLine(args: readonly string[], world: CommandLineWorld): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const program = buildProgram(world, code => {
    exit = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const error = asWeirError(thrown);
    world.stderr(`weir: ${error.code}: ${error.message}\n      ${error.remedy}\n`);
    // A configuration that only starting could find wrong (a certificate that does not fit its key) is no less wrong.
    return error.code === 'WEIR_CONFIG' ? EXIT.usage : EXIT.failed;
  }
}

function buildProgram(world: CommandLineWorld, end: (code: ExitCode) => void): Command {
  /** The configuration; `undefined` once its faults have been shown. */
  const read = (file: string): Extract<LoadedConfig, { kind: 'ok' }> | undefined => {
    const loaded = loadConfig(file, world.env);
    if (loaded.kind === 'ok') return loaded;
    show(world, file, loaded.warnings, 'warning');
    show(world, file, loaded.problems, 'error');
    end(EXIT.usage);
    return undefined;
  };
  const program = new Command('weir')
    .description(ABOUT)
    .version(world.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', MORE)
    .showHelpAfterError('(weir --help says more)')
    .configureOutput({ writeOut: text => world.stdout(text), writeErr: text => world.stderr(text) })
    .exitOverride();

  program
    .command('run')
    .description('run the focus until it is told to stop')
    .option('-c, --config <file>', 'configuration', DEFAULT_FILE)
    .action(async ({ config: file }: { config: string }) => {
      const loaded = read(file);
      if (loaded !== undefined) await world.run(loaded.config, loaded.warnings);
    });

  program
    .command('check-config')
    .description('say everything that is wrong with a configuration, and start nothing')
    .option('-c, --config <file>', 'configuration', DEFAULT_FILE)
    .action(({ config: file }: { config: string }) => {
      const loaded = read(file);
      if (loaded === undefined) return;
      show(world, file, loaded.warnings, 'warning');
      world.stdout(`${file} is fine\n`);
    });

  program
    .command('sample-config')
    .description('print a configuration with every key, its default, unit and meaning')
    .action(() => world.stdout(sampleConfig()));

  return program;
}

function show(world: CommandLineWorld, file: string, problems: readonly Problem[], kind: 'error' | 'warning'): void {
  for (const { path, line, message } of problems) {
    const where = line === undefined ? file : `${file}:${line}`;
    world.stderr(`${where}: ${kind}: ${path === '' ? '' : `${path} `}${message}\n`);
  }
}
