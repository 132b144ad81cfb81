import { expect, test } from 'vitest';
import { candidateOf, viaRelay } from './via-relay.ts';

const SDP = [
  'v=0',
  'a=group:BUNDLE 0 1',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  'a=candidate:tcpcandidate 1 tcp 1076276479 127.0.0.1 40001 typ host tcptype passive',
  'a=candidate:udpcandidate 1 udp 1076558079 127.0.0.1 40000 typ host',
  'a=candidate:udpcandidate2 1 UDP 1076558078 192.0.2.1 40000 typ host',
  'a=end-of-candidates',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:1',
  '',
].join('\r\n');

test('the first UDP candidate is where the focus listens', () => {
  expect(candidateOf(SDP)).toEqual({ host: '127.0.0.1', port: 40_000 });
  expect(candidateOf('v=0\r\n')).toBeUndefined();
});

test('a relay takes the place of all candidates', () => {
  const relayed = viaRelay(SDP, { host: '127.0.0.9', port: 5_000 });
  expect(relayed.match(/a=candidate.*/g)).toEqual([
    'a=candidate:udpcandidate 1 udp 1076558079 127.0.0.9 5000 typ host',
  ]);
  expect(relayed.replace(/a=candidate.*\r\n/g, '')).toBe(SDP.replace(/a=candidate.*\r\n/g, ''));
});
