import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from './lock.mjs';

let folder: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-lock-'));
  lock = join(folder, 'below', 'lock');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the lock', () => {
  test('lets one in at a time, and tells who waits for whom', async () => {
    const waitedFor: string[] = [];
    let inside = 0;
    let most = 0;
    const enter = (): Promise<void> =>
      withLock(
        lock,
        async () => {
          most = Math.max(most, ++inside);
          await delay(50);
          inside--;
        },
        { onWait: holder => waitedFor.push(holder) },
      );
    await Promise.all([enter(), enter(), enter()]);
    expect(most).toBe(1);
    expect(waitedFor.length).toBeGreaterThan(0);
  });

  test('is free again when the act fails', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(lock, () => Promise.resolve('in'))).toBe('in');
  });

  test('is free again when its holder is killed', async () => {
    const script = `
      import { withLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.mjs'))};
      await withLock(${JSON.stringify(lock)}, async () => { console.log('held'); await new Promise(r => setTimeout(r, 60_000)); });`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise(resolve => holder.stdout.once('data', resolve));
    holder.kill('SIGKILL');
    let waitedFor: string | undefined;
    const result = await withLock(lock, () => Promise.resolve('in'), {
      onWait: pid => {
        waitedFor = pid;
      },
    });
    expect(result).toBe('in');
    // Either it was free at once, or the wait was for that very process.
    expect([undefined, String(holder.pid)]).toContain(waitedFor);
  });

  test('a wait for it can be given up', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    let letGo = (): void => undefined;
    const held = new Promise<void>(resolve => {
      letGo = resolve;
    });
    const holding = withLock(lock, () => held);
    await delay(100);
    const waiting = withLock(lock, () => Promise.resolve(), {
      signal: abort.signal,
      onWait: () => {
        setTimeout(() => {
          abort.abort(reason);
        }, 20);
      },
    });
    await expect(waiting).rejects.toBe(reason);
    letGo();
    await holding;
  });
});
