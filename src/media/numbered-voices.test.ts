import { getSupportedRtpCapabilities } from 'mediasoup';
import { expect, it } from 'vitest';
import { numberVoices } from './numbered-voices.ts';

it('the installed mediasoup offers viewers to report on voices once it was told', () => {
  const directions = (): unknown =>
    getSupportedRtpCapabilities()
      .headerExtensions?.filter(({ uri }) => uri.includes('transport-wide-cc'))
      .map(({ kind, direction }) => `${kind} ${direction}`);
  const warnings: string[] = [];
  expect(directions()).toEqual(['audio recvonly', 'video sendrecv']);
  numberVoices({ debug() {}, info() {}, warn: (_, message) => warnings.push(message), error() {} });
  expect(directions()).toEqual(['audio sendrecv', 'video sendrecv']);
  expect(warnings).toEqual([]);
});
