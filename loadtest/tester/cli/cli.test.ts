import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { newRegistration, writeRegistration } from '../homeserver/registration.ts';
import type { LoadTestOptions } from '../options.ts';
import type { Capacity, RunResult } from '../result.ts';
import { syntheticKnee } from '../synthetic.ts';
import { EXIT } from './exit.ts';
import { exitOf, runCommandLine } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-loadtest-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const REGISTRATION = file('loadtest.yaml', writeRegistration(newRegistration('http://127.0.0.1:9797', 'load-')));
const TARGET = ['--homeserver', 'https://hs.example', '--focus-user', '@f:x', '--focus-device', 'F'];

interface Outcome {
  exit: number;
  out: string;
  err: string;
  ran: Omit<LoadTestOptions, 'signal'> | undefined;
  written: Record<string, string>;
}

async function cli(
  args: readonly string[],
  result: RunResult = syntheticKnee(),
  interrupted = false,
): Promise<Outcome> {
  const outcome: Outcome = { exit: -1, out: '', err: '', ran: undefined, written: {} };
  outcome.exit = await runCommandLine(args, {
    run: options => {
      outcome.ran = options;
      return interrupted ? Promise.reject(new Error('interrupted')) : Promise.resolve(result);
    },
    join: () => Promise.resolve(),
    report: () => '<html>',
    comparison: ({ names }) => `<html>${names.a} ${names.b}`,
    readFile: () => JSON.stringify(result),
    writeFile: (path, text) => {
      outcome.written[path] = text;
    },
    stdout: text => {
      outcome.out += text;
    },
    stderr: text => {
      outcome.err += text;
    },
    wasInterrupted: () => interrupted,
    env: { WEIR_LOAD_PEER_BIN: '/opt/load-peers' },
  });
  return outcome;
}

describe('weir-loadtest', () => {
  it('plays a preset of a scenario', async () => {
    const { exit, ran } = await cli([
      'run',
      'meeting',
      '--participants',
      '50',
      '--appservice',
      REGISTRATION,
      ...TARGET,
    ]);
    expect(exit).toBe(EXIT.ok);
    expect(ran).toMatchObject({
      homeserver: 'https://hs.example',
      focus: { userId: '@f:x', deviceId: 'F' },
      via: 'to-device',
      endpoint: 'native',
      local: { engine: '/opt/load-peers' },
      ramp: { steps: [10, 20, 30, 40, 50], mostUnhappyPct: 1 },
      canary: { executablePath: '/usr/bin/chromium' },
    });
  });

  it('runs without being told to, takes other steps, and goes without a canary', async () => {
    const more = ['--steps', '5,7', '--hold', '2', '--joins-per-second', '9', '--until-unhappy', '0', '--no-canary'];
    const { ran } = await cli(['webinar', ...more, '--appservice', REGISTRATION, ...TARGET]);
    expect(ran).toMatchObject({
      scenario: { name: 'webinar' },
      ramp: { steps: [5, 7], holdMs: 2_000, joinsPerSecond: 9, mostUnhappyPct: 0 },
      canary: false,
    });
  });

  it('writes its result as JSON, its report beside it', async () => {
    const args = ['--appservice', REGISTRATION, ...TARGET, '--report', 'r.html'];
    const toFile = await cli([...args, '--json', 'r.json']);
    expect(Object.keys(toFile.written).toSorted()).toEqual(['r.html', 'r.json']);
    const toStdout = await cli([...args, '--json', '-']);
    expect(JSON.parse(toStdout.out)).toMatchObject({ schema: 1 });
  });

  it('says all that is missing at once', async () => {
    const { exit, err, ran } = await cli(['meeting', '--room', '!r:x', '--via', 'ws']);
    expect(exit).toBe(EXIT.usage);
    expect(ran).toBeUndefined();
    for (const missing of ['--homeserver', '--focus-user', '--focus-device', '--focus-url', '--tokens', '--conf']) {
      expect(err).toContain(missing);
    }
  });

  it.each([
    [['--participants', 'many']],
    [['--via', 'pigeon']],
    [['no-such-scenario']],
    [['--steps', '9,5', '--appservice', REGISTRATION, ...TARGET]],
    [['--tokens', file('bad.jsonl', 'nonsense'), ...TARGET]],
    [['--lead', 'here', '--token', 't', '--appservice', REGISTRATION, ...TARGET]],
    [['--join', '127.0.0.1:9']],
    [['--unknown']],
  ])('refuses %j', async args => {
    const { exit, err, ran } = await cli(args);
    expect(exit).toBe(EXIT.usage);
    expect(err).not.toBe('');
    expect(ran).toBeUndefined();
  });

  it('ends with what the run found', async () => {
    const expected: [Capacity | undefined, number][] = [
      [{ kind: 'at-least', held: 10 }, EXIT.ok],
      [{ kind: 'found', held: 10, failedAt: 20, limit: 'worker' }, EXIT.ok],
      [{ kind: 'found', held: 0, failedAt: 10, limit: 'worker' }, EXIT.notHeld],
      [{ kind: 'void', limit: 'tester', reason: 'busy' }, EXIT.void],
      [undefined, EXIT.failed],
    ];
    for (const [capacity, exit] of expected) expect(exitOf({ capacity })).toBe(exit);
    const args = ['--appservice', REGISTRATION, ...TARGET];
    expect((await cli(args, syntheticKnee(), true)).exit).toBe(EXIT.interrupted);
  });

  it('prints a registration, the scenarios, a comparison and help', async () => {
    expect((await cli(['registration', '--prefix', 'x-'])).out).toContain('rate_limited: false');
    expect((await cli(['scenarios'])).out).toContain('reconnect-storm');
    expect((await cli(['compare', 'a.json', 'b.json'])).out).toContain('a.json');
    const drawn = await cli(['compare', 'a.json', 'b.json', '--report', 'c.html']);
    expect(drawn.written).toEqual({ 'c.html': '<html>a.json b.json' });
    const { out, exit } = await cli(['--help']);
    expect(exit).toBe(EXIT.ok);
    expect(out).toContain('Exit codes:');
  });
});
