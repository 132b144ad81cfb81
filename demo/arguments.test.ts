import { describe, expect, test } from 'vitest';
import { describeFailure } from '../setup/failure.mjs';
import { readArguments } from './arguments.ts';

describe('the arguments of the demo', () => {
  test.each([
    [[], { kind: 'show', federated: false }],
    [['--federated'], { kind: 'show', federated: true }],
    [['--help'], { kind: 'help' }],
    [['--check'], { kind: 'check', federated: false, participants: 4, seconds: 20 }],
    [['--check', '--federated'], { kind: 'check', federated: true, participants: 4, seconds: 20 }],
    [
      ['--check', '--participants', '3', '--seconds=30'],
      { kind: 'check', federated: false, participants: 3, seconds: 30 },
    ],
  ])('%j', (args, mode) => {
    expect(readArguments(args)).toEqual(mode);
  });

  test.each([
    [['--check', '--participants', '1'], '--participants 1'],
    [['--check', '--participants', 'many'], '--participants many'],
    [['--check', '--participants', '4.5'], '--participants 4.5'],
    [['--check', '--seconds', '-3'], 'seconds'],
    [['--check', '--seconds', '1e9'], '--seconds 1e9'],
    [['--no-such'], '--no-such'],
    [['here'], 'here'],
  ])('%j is refused with its reason and the usage', (args, reason) => {
    let told = '';
    try {
      readArguments(args);
    } catch (error) {
      told = describeFailure(error);
    }
    expect(told).toContain(reason);
    expect(told).toContain('npm run demo -- --check');
  });
});
