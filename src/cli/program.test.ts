import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config, Problem } from '../../config/config.ts';
import { sampleConfig } from '../../config/sample.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import { EXIT, runCommandLine } from './program.ts';

let directory = '';
let good = '';
let bad = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-cli-'));
  good = join(directory, 'good.yaml');
  bad = join(directory, 'bad.yaml');
  writeFileSync(good, `${sampleConfig().replace('host: 127.0.0.1', 'host: 0.0.0.0')}`);
  writeFileSync(bad, 'homeserver:\n  url: here\n  user_id: me\nmedai: {}\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Ran {
  code: number;
  out: string;
  err: string;
  runs: { config: Config; warnings: Problem[] }[];
}

async function weir(args: string[], outcome: () => Promise<void> = () => Promise.resolve()): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', err: '', runs: [] };
  ran.code = await runCommandLine(args, {
    run: async (config, warnings) => {
      ran.runs.push({ config, warnings });
      await outcome();
    },
    stdout: text => {
      ran.out += text;
    },
    stderr: text => {
      ran.err += text;
    },
    env: { WEIR_ACCESS_TOKEN: 'HIDDEN' },
    version: '1.2.3',
  });
  return ran;
}

describe('run', () => {
  it('hands over the configuration, and its warnings unsaid', async () => {
    const { code, out, err, runs } = await weir(['run', '--config', good]);
    expect([code, out, err]).toEqual([EXIT.ok, '', '']);
    expect(runs[0]?.config.http.host).toBe('0.0.0.0');
    expect(runs[0]?.warnings.map(({ path }) => path)).toEqual(['http.listen.host', 'media.listen']);
  });

  it('does not start with a wrong configuration', async () => {
    const { code, err, runs } = await weir(['run', '-c', bad]);
    expect([code, runs]).toEqual([EXIT.usage, []]);
    expect(err.trimEnd().split('\n')).toEqual([
      `${bad}:4: error: medai is not a key of weir; did you mean media?`,
      `${bad}:2: error: homeserver.url must be an http or https URL without user, query or fragment, but is another text`,
      `${bad}:3: error: homeserver.user_id must be a full Matrix user id like @focus:example.org, but is another text`,
    ]);
  });

  it('says why it could not start, and what to do', async () => {
    const failed = await weir(['run', '-c', good], () => {
      throw new WeirError('WEIR_LISTEN', 'port 1 is in use');
    });
    expect(failed.code).toBe(EXIT.failed);
    expect(failed.err).toBe(
      'weir: WEIR_LISTEN: port 1 is in use\n      Choose another one in the configuration, or end the program that holds it.\n',
    );
    const unexpected = await weir(['run', '-c', good], () => Promise.reject(new TypeError('oops')));
    expect([unexpected.code, unexpected.err]).toEqual([EXIT.failed, expect.stringContaining('WEIR_INTERNAL: oops')]);
  });

  it('is not tried again where the configuration is to blame', async () => {
    const { code } = await weir(['run', '-c', good], () => {
      throw new WeirError('WEIR_CONFIG', 'http.tls: certificate and key cannot be used');
    });
    expect(code).toBe(EXIT.usage);
  });
});

describe('check-config', () => {
  it('says that all is well, with warnings', async () => {
    const { code, out, err, runs } = await weir(['check-config', '--config', good]);
    expect([code, out, runs]).toEqual([EXIT.ok, `${good} is fine\n`, []]);
    expect(err).toMatch(/good\.yaml:\d+: warning: http\.listen\.host is not loopback/);
  });

  it('says all that is wrong', async () => {
    const { code, out, err } = await weir(['check-config', '--config', bad]);
    expect([code, out]).toEqual([EXIT.usage, '']);
    expect(err.match(/: error: /g)).toHaveLength(3);
  });

  it('says that there is no file', async () => {
    const { code, err } = await weir(['check-config', '--config', join(directory, 'none.yaml')]);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain('sample-config');
  });
});

it('sample-config prints the sample', async () => {
  expect(await weir(['sample-config'])).toMatchObject({ code: EXIT.ok, out: sampleConfig(), err: '' });
});

describe('help', () => {
  it('names commands, secrets and exit codes', async () => {
    const { code, out } = await weir(['--help']);
    expect(code).toBe(EXIT.ok);
    for (const word of ['run', 'check-config', 'sample-config', 'WEIR_ACCESS_TOKEN', 'Exit codes']) {
      expect(out).toContain(word);
    }
  });

  it('version', async () => {
    expect(await weir(['--version'])).toMatchObject({ code: EXIT.ok, out: '1.2.3\n' });
  });

  it.each([[[]], [['fly']], [['run', '--fast']], [['run', 'now']], [['check-config', '--config']]])(
    '%j is no command line of weir',
    async args => {
      const { code, err, runs } = await weir(args);
      expect([code, runs]).toEqual([EXIT.usage, []]);
      expect(err).not.toBe('');
    },
  );
});
