import { describe, expect, test } from 'vitest';
import { SCENARIO_NAMES } from '../loadtest/lab/result.ts';
import { describeFailure } from '../setup/failure.mjs';
import { CASCADE_PARTS, E2EE_PARTS, readArguments, SCALE_PARTS, SESSION_PARTS } from './arguments.ts';

const DEFAULTS = {
  kind: 'network',
  scenarios: [...SCENARIO_NAMES],
  control: false,
  seconds: 30,
  report: 'network-report.html',
  recordings: undefined,
  focusDir: undefined,
};

const SCALE = {
  kind: 'scale',
  parts: [...SCALE_PARTS],
  quick: false,
  receivers: [50, 200, 500],
  soakMinutes: 20,
  report: undefined,
};

describe('the arguments of the bench', () => {
  test.each([
    [['--help'], { kind: 'help' }],
    [['network'], DEFAULTS],
    [['sessions'], { kind: 'sessions', parts: [...SESSION_PARTS], joins: 7 }],
    [['sessions', '--joins', '20'], { kind: 'sessions', parts: [...SESSION_PARTS], joins: 20 }],
    [['sessions', '--only=networks,openid'], { kind: 'sessions', parts: ['openid', 'networks'], joins: 7 }],
    [['signalling'], { kind: 'signalling', participants: '10,100,500,1000', joins: '10,500' }],
    [
      ['signalling', '--participants', '10, 50', '--joins-among=20'],
      { kind: 'signalling', participants: '10,50', joins: '20' },
    ],
    [['scale'], SCALE],
    [['scale', '--quick'], { ...SCALE, parts: ['forwarding', 'join'], quick: true, receivers: [50], soakMinutes: 4 }],
    [
      ['scale', '--only=soak,join', '--receivers', '7,50', '--soak-minutes=3', '--report', 'a.html'],
      { ...SCALE, parts: ['join', 'soak'], receivers: [7, 50], soakMinutes: 3, report: 'a.html' },
    ],
    [['cascade'], { kind: 'cascade', parts: [...CASCADE_PARTS], quick: false }],
    [['cascade', '--quick', '--only=bytes,calls'], { kind: 'cascade', parts: ['calls', 'bytes'], quick: true }],
    [['e2ee'], { kind: 'e2ee', parts: [...E2EE_PARTS], rounds: 3, screenshots: undefined }],
    [
      ['e2ee', '--only=trunk,vectors', '--rounds', '2', '--screenshots=shots'],
      { kind: 'e2ee', parts: ['vectors', 'trunk'], rounds: 2, screenshots: 'shots' },
    ],
    [['network', '--only', 'loss5,steps'], { ...DEFAULTS, scenarios: ['steps', 'loss5'] }],
    [['network', '--control'], { ...DEFAULTS, scenarios: ['steps'], control: true }],
    [
      ['network', '--seconds=60', '--report', 'a.html', '--focus-dir', '/other'],
      { ...DEFAULTS, seconds: 60, report: 'a.html', focusDir: '/other' },
    ],
  ])('%j', (args, mode) => {
    expect(readArguments(args)).toEqual(mode);
  });

  test.each([
    [[], 'is no bench'],
    [['disk'], '"disk"'],
    [['sessions', 'network'], '"sessions network"'],
    [['sessions', '--only', 'rain'], 'no part "rain"'],
    [['sessions', '--joins', '2'], '--joins 2'],
    [['scale', '--only', 'rain'], 'no part "rain"'],
    [['cascade', '--only', 'rain'], 'no part "rain"'],
    [['e2ee', '--only', 'rain'], 'no part "rain"'],
    [['e2ee', '--rounds', '0'], '--rounds 0'],
    [['scale', '--receivers', '50,many'], '--receivers many'],
    [['scale', '--soak-minutes', '1'], '--soak-minutes 1'],
    [['network', '--only', 'steps,rain'], '"rain"'],
    [['network', '--only', ''], '--only'],
    [['network', '--control', '--only', 'loss1'], '--control plays steps alone'],
    [['network', '--seconds', '5'], '--seconds 5'],
    [['network', '--no-such'], '--no-such'],
    [['signalling', '--participants', '10,many'], '--participants many'],
  ])('%j is refused with its reason and the usage', (args, reason) => {
    let told = '';
    try {
      readArguments(args);
    } catch (error) {
      told = describeFailure(error);
    }
    expect(told).toContain(reason);
    expect(told).toContain('bench -- network');
  });
});
