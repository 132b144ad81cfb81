import { beforeEach, describe, expect, it } from 'vitest';
import type { SentTrack } from '../peers/endpoint.ts';
import { readFocusDescription } from './focus-description.ts';
import type { Command } from './messages.ts';
import { Received } from './received.ts';
import { Sent } from './sent.ts';

const camera: SentTrack = { kind: 'video', streamId: 'stream', trackId: 'camera', direction: 'sendrecv' };

/** The focus's answer to the section of a track. */
function section({ live = true, rtx = true, port = 9 } = {}) {
  const lines = [
    'v=0',
    `m=video ${port} UDP/TLS/RTP/SAVPF 96 100`,
    'a=mid:c0',
    live ? 'a=recvonly' : 'a=inactive',
    'a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
    ...(rtx ? ['a=rtpmap:100 rtx/90000'] : []),
    'a=ice-ufrag:u',
    'a=ice-pwd:p',
    'a=fingerprint:sha-256 AB',
    'a=candidate:1 1 udp 1 127.0.0.1 1 typ host',
  ];
  const [read] = readFocusDescription(lines.join('\r\n')).sections;
  if (read === undefined) throw new Error('a section');
  return read;
}

describe('a track that is sent', () => {
  let commands: Command[];
  let sent: Sent;
  beforeEach(() => {
    commands = [];
    sent = new Sent(1, 2, camera, { media: 'recorded', stamped: false }, command => commands.push(command));
  });

  it('begins once the focus agrees, with the extensions that it agreed on', () => {
    sent.agree(section());
    sent.agree(section());
    expect(commands).toEqual([
      {
        do: 'send',
        peer: 1,
        track: 2,
        kind: 'video',
        media: 'recorded',
        stamped: false,
        streams: sent.ssrcs,
        absSendTime: 0,
        transportCc: 5,
        audioLevel: 0,
      },
    ]);
    expect(sent.ssrcs).toHaveLength(3);
  });

  it('is not sent again under ssrcs that the focus did not take', () => {
    sent.agree(section({ rtx: false }));
    expect(commands).toMatchObject([{ streams: sent.ssrcs.map(({ ssrc }) => ({ ssrc })) }]);
  });

  it('remembers layers and muting from before it began', () => {
    sent.setLayers([true, false]);
    sent.setMuted(true);
    expect(commands).toEqual([]);
    sent.agree(section());
    expect(commands.slice(1)).toEqual([
      { do: 'layers', peer: 1, track: 2, active: [true, false, true] },
      { do: 'mute', peer: 1, track: 2, muted: true },
    ]);
  });

  it.each([{ live: false }, { port: 0 }])('ends where the focus takes no more (%j)', answer => {
    sent.agree(section());
    sent.agree(section(answer));
    expect(commands.at(-1)).toEqual({ do: 'stop', peer: 1, track: 2 });
  });
});

it('packets of a track that is received are told once, also the first one, which is told ahead', () => {
  const received = new Received(camera, 'video');
  const figures = { track: 1, packets: 5, bytes: 50, lost: 1, repaired: 1, jitterMs: 2, keyframes: 1, frames: 3 };
  received.tellFirst();
  expect(received.add({ ...figures, longestGapMs: 40, width: 640, height: 360 })).toBe(4);
  expect(received.add({ ...figures, longestGapMs: 30, width: 0, height: 0 })).toBe(5);
  expect(received.takeReport()).toMatchObject({ packets: 10, lost: 2, longestGapMs: 40, size: { width: 640 } });
  expect(received.takeReport()).toMatchObject({ packets: 0, jitterMs: 2, size: { width: 640 } });
});
