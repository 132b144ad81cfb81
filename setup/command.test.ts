import { describe, expect, test } from 'vitest';
import { runCommand } from './command.mjs';
import { describeFailure, Failure } from './failure.mjs';

const options = { timeoutMs: 20_000, remedy: 'Do something.' };

describe('a command', () => {
  test('hands on its lines and its status lines', async () => {
    const lines: string[] = [];
    const status: string[] = [];
    await runCommand('sh', ['-c', 'echo one; echo two >&2; echo half >&3'], {
      ...options,
      onLine: line => lines.push(line),
      onStatus: line => status.push(line),
    });
    expect(lines.sort()).toEqual(['one', 'two']);
    expect(status).toEqual(['half']);
  });

  test('that fails tells its last words and what to do', async () => {
    const error: unknown = await runCommand('sh', ['-c', 'echo broken; exit 3'], options).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Failure);
    expect(describeFailure(error)).toMatch(/failed \(3\).*\nbroken\n→ Do something\.$/s);
  });

  test('that is not there tells so', async () => {
    await expect(runCommand('no-such-command-of-weir', [], options)).rejects.toThrow('cannot be run');
  });

  test('that takes too long is ended with all that it started', async () => {
    let child = 0;
    const ended = runCommand('sh', ['-c', 'sleep 60 & echo $!; wait'], {
      ...options,
      timeoutMs: 300,
      onLine: line => {
        child = Number(line);
      },
    });
    await expect(ended).rejects.toThrow('was not done in 0.3 s');
    await expect.poll(() => isRunning(child), { timeout: 8_000 }).toBe(false);
  });

  test('ends when it is aborted, with the reason', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const ended = runCommand('sleep', ['60'], { ...options, signal: abort.signal });
    abort.abort(reason);
    await expect(ended).rejects.toBe(reason);
    await expect(runCommand('true', [], { ...options, signal: abort.signal })).rejects.toBe(reason);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
