import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WeirError } from '../../signalling/wire/errors.ts';
import { keyOfSession } from '../session.ts';
import { describeStore, openSession } from '../testing/store-contract.ts';
import { openFileStore } from './file-store.ts';

// The same cases in each run: what fails here fails again.
fc.configureGlobal({ seed: 20_261_123 });

describeStore('files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-store-'));
  return {
    open: () => openFileStore(join(directory, 'state')),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});

describe('the state directory', () => {
  let directory: string;
  let problems: WeirError[];
  const open = (path = directory): ReturnType<typeof openFileStore> =>
    openFileStore(path, { report: problem => problems.push(problem) });
  const journal = (): string => join(directory, 'journal');

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-store-'));
    problems = [];
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is made for its owner alone', async () => {
    const made = join(directory, 'deep', 'state');
    const store = await open(made);
    await store.rememberSession(openSession(1));
    expect((await stat(made)).mode & 0o777).toBe(0o700);
    expect((await stat(join(made, 'journal'))).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('leaves no lock behind when closed', async () => {
    await (await open()).close();
    expect(await readdir(directory)).toEqual(['journal']);
  });

  it('skips a torn last line, says so, and keeps the rest', async () => {
    const store = await open();
    await store.rememberSession(openSession(1));
    await store.rememberSession(openSession(2));
    await store.close();
    const text = await readFile(journal(), 'utf8');
    await writeFile(journal(), text.slice(0, -10));
    const next = await open();
    expect((await next.load()).sessions).toEqual([openSession(1)]);
    expect(problems.map(problem => problem.code)).toEqual(['WEIR_STORE_FAILED']);
    await next.rememberSession(openSession(3));
    await next.close();
    problems = [];
    const last = await open();
    expect((await last.load()).sessions).toEqual([openSession(1), openSession(3)]);
    expect(problems).toEqual([]);
    await last.close();
  });

  it('opens whatever the bytes of the journal are', async () => {
    const store = await open();
    await store.rememberSession(openSession(1));
    await store.rememberSync({ since: 's', at: 5 });
    await store.close();
    const good = await readFile(journal());
    const damage = fc.record({
      cut: fc.nat(good.length),
      at: fc.nat(good.length - 1),
      byte: fc.nat(255),
      tail: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ cut, at, byte, tail }) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        await writeFile(journal(), Buffer.concat([bytes.subarray(0, cut), tail]));
        const opened = await open();
        const state = await opened.load();
        await opened.close();
        // What is given back was written, whole.
        for (const session of state.sessions) expect(session).toEqual(openSession(1));
        if (state.sync !== undefined) expect(state.sync).toEqual({ since: 's', at: 5 });
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a journal of a later version instead of overwriting it', async () => {
    await (await open()).close();
    const later = '{"kind":"journal","version":2}';
    const { crc32 } = await import('node:zlib');
    await appendFile(journal(), `${crc32(later).toString(16).padStart(8, '0')} ${later}\n`);
    const before = await readFile(journal(), 'utf8');
    await expect(open()).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
    expect(await readFile(journal(), 'utf8')).toBe(before);
  });

  it('rejects with its code where the path is no directory', async () => {
    const path = join(directory, 'file');
    await writeFile(path, '');
    await expect(open(path)).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
  });

  it('stays small however much is written', async () => {
    const store = await open();
    await store.rememberSession(openSession(1));
    for (let round = 0; round < 40; round += 1) {
      const numbers = Array.from({ length: 300 }, (_, number) => 100 + number);
      await Promise.all(numbers.map(number => store.rememberSession(openSession(number))));
      await Promise.all(numbers.map(number => store.forgetSession(keyOfSession(openSession(number).session))));
    }
    expect((await stat(journal())).size).toBeLessThan(1_500_000);
    await store.rememberSession(openSession(2));
    await store.close();
    const next = await open();
    expect((await next.load()).sessions).toEqual([openSession(1), openSession(2)]);
    await next.close();
  });

  it('can be locked where its path is longer than a socket may be named', async () => {
    const path = join(directory, 'x'.repeat(120), 'y'.repeat(60));
    const store = await open(path);
    await expect(open(path)).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
    await store.close();
    expect(await readdir(path)).toEqual(['journal']);
  });

  it('goes to one of many that want it at the same time, at most', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => open()));
    const won = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    for (const store of won) await store.close();
    const after = await open();
    await after.close();
  });

  it('is free again, with all that was answered, after its focus was killed', async () => {
    const program = `
      import { openFileStore } from ${JSON.stringify(join(import.meta.dirname, 'file-store.ts'))};
      const store = await openFileStore(process.argv[1]);
      for (let number = 0; ; number += 1) {
        await store.rememberSession({
          conference: { roomId: '!r', confId: 'c' },
          session: { userId: '@u', deviceId: 'D', sessionId: String(number) },
          callId: 'x'.repeat(number % 700),
        });
        process.stdout.write(number + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    await new Promise<void>(resolve => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.split('\n').length > 200) resolve();
      });
    });
    await expect(open()).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
    child.kill('SIGKILL');
    await once(child, 'close');
    const answered = output.split('\n').filter(line => line !== '').length;
    const store = await open();
    expect((await store.load()).sessions.length).toBeGreaterThanOrEqual(answered - 1);
    await store.close();
  });

  it('rejects with its code where a fresh journal cannot be written', async () => {
    await mkdir(join(directory, 'journal.new'));
    await expect(open()).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
    await rm(join(directory, 'journal.new'), { recursive: true });
    // The failed attempt did not keep the lock.
    await (await open()).close();
  });
});
