import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Negotiation } from './negotiation.ts';
import { FakePeerConnection } from './testing/fake-peer-connection.ts';
import type { Description } from './wire.ts';

let peer: FakePeerConnection;
let sent: Description['type'][];
let words: string[];
let applied: string[];
let refused: string[];
let stuck: string[];
let negotiation: Negotiation;

const offer = (sdp = 'offer'): Description => ({ type: 'offer', sdp });
const answer = (sdp = 'answer'): Description => ({ type: 'answer', sdp });
const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(async () => {
  vi.useFakeTimers();
  peer = new FakePeerConnection();
  [sent, words, applied, refused, stuck] = [[], [], [], [], []];
  negotiation = new Negotiation(peer, {
    send: ({ type, sdp }) => {
      sent.push(type);
      words.push(sdp);
    },
    applied: ({ sdp }) => applied.push(sdp),
    refused: type => refused.push(type),
    stuck: why => stuck.push(why),
  });
  await negotiation.first();
  negotiation.receive(answer('first'));
  await settle();
  applied = [];
});

afterEach(() => {
  negotiation.close();
  vi.useRealTimers();
});

describe('negotiation', () => {
  it('answers offers one after the other', async () => {
    negotiation.receive(offer('1'));
    await settle();
    negotiation.receive(offer('2'));
    await settle();
    expect(applied).toEqual(['1', '2']);
    expect(sent).toEqual(['answer', 'answer']);
    expect(peer.signalingState).toBe('stable');
  });

  it('does not answer an offer that another overtook', async () => {
    negotiation.receive(offer('1'));
    negotiation.receive(offer('2'));
    await settle();
    expect(sent).toEqual(['answer']);
    expect(applied).toEqual(['2']);
    negotiation.receive(offer('3'));
    await Promise.resolve();
    negotiation.receive(offer('4'));
    await settle();
    expect(sent).toEqual(['answer', 'answer']);
    expect(applied.at(-1)).toBe('4');
    expect(peer.signalingState).toBe('stable');
  });

  it('makes one offer of many requests, and one more of those that come meanwhile', async () => {
    negotiation.offer();
    negotiation.offer();
    await settle();
    negotiation.offer();
    negotiation.offer();
    await settle();
    expect(sent).toEqual(['offer']);
    negotiation.receive(answer());
    await settle();
    expect(sent).toEqual(['offer', 'offer']);
    negotiation.receive(answer());
    await settle(60_000);
    expect(sent).toEqual(['offer', 'offer']);
    expect(stuck).toEqual([]);
  });

  it('drops an offer of the focus that meets one of ours, even before ours is sent', async () => {
    negotiation.offer();
    negotiation.receive(offer('theirs'));
    await settle();
    expect(sent).toEqual(['offer']);
    expect(applied).toEqual([]);
    negotiation.receive(answer('to ours'));
    negotiation.receive(offer('theirs again'));
    await settle();
    expect(applied).toEqual(['to ours', 'theirs again']);
    expect(sent).toEqual(['offer', 'answer']);
  });

  it('answers an offer that came first, then makes its own', async () => {
    negotiation.receive(offer('theirs'));
    negotiation.offer();
    await settle();
    expect(sent).toEqual(['answer', 'offer']);
    expect(peer.signalingState).toBe('have-local-offer');
  });

  it('keeps a request that comes while an offer of the focus is answered', async () => {
    negotiation.receive(offer('theirs'));
    await Promise.resolve();
    negotiation.offer();
    await settle();
    expect(sent).toEqual(['answer', 'offer']);
  });

  it('passes over answers that nobody waits for', async () => {
    negotiation.receive(answer('late'));
    await settle();
    expect(applied).toEqual([]);
    expect(stuck).toEqual([]);
  });

  it('goes on after an offer that cannot be used', async () => {
    negotiation.receive(offer('garbage'));
    await settle();
    negotiation.receive(offer('good'));
    await settle();
    expect(refused).toEqual(['offer']);
    expect(applied).toEqual(['good']);
    expect(stuck).toEqual([]);
  });

  it('is stuck when an answer cannot be used', async () => {
    negotiation.offer();
    await settle();
    negotiation.receive(answer('garbage'));
    await settle();
    expect(stuck).toHaveLength(1);
  });

  it('makes an offer again that is not answered, and is stuck in the end', async () => {
    negotiation.offer();
    await settle(5_900);
    expect(sent).toEqual(['offer']);
    await settle(200);
    expect(sent).toEqual(['offer', 'offer']);
    await settle(38_000);
    expect(sent).toHaveLength(8);
    expect(stuck).toEqual([]);
    await settle(4_000);
    expect(stuck).toHaveLength(1);
  });

  it('makes the offer that is out again when it may be lost, and no other', async () => {
    negotiation.repeat();
    await settle();
    expect(sent).toEqual([]);
    negotiation.offer();
    await settle();
    negotiation.repeat();
    await settle();
    expect(sent).toEqual(['offer', 'offer']);
    negotiation.receive(answer('one for both'));
    await settle();
    negotiation.repeat();
    await settle(60_000);
    expect(applied).toEqual(['one for both']);
    expect(sent).toEqual(['offer', 'offer']);
    expect(stuck).toEqual([]);
  });

  it('restarts ICE without waiting for the answer to another offer, and says a restart again in the same words', async () => {
    negotiation.offer();
    await settle();
    negotiation.offer({ iceRestart: true });
    await settle();
    const restart = peer.localDescription?.sdp;
    negotiation.offer({ iceRestart: true });
    await settle();
    expect(peer.iceRestarts).toBe(1);
    expect(words).toEqual([expect.any(String), restart, restart]);
    expect(words[0]).not.toBe(restart);
    negotiation.receive(answer('a=ice-ufrag:new'));
    await settle();
    negotiation.offer({ iceRestart: true });
    await settle();
    expect(peer.iceRestarts).toBe(2);
    expect(stuck).toEqual([]);
  });

  it('knows an answer that is too old for a restart by its credentials', async () => {
    negotiation.offer();
    await settle();
    negotiation.receive(answer('a=ice-ufrag:first'));
    negotiation.offer();
    await settle();
    negotiation.offer({ iceRestart: true });
    await settle();
    negotiation.receive(answer('a=ice-ufrag:first\r\na=late'));
    await settle();
    expect(applied).toEqual(['a=ice-ufrag:first']);
    negotiation.receive(answer('a=ice-ufrag:second'));
    await settle();
    expect(applied).toEqual(['a=ice-ufrag:first', 'a=ice-ufrag:second']);
    expect(peer.signalingState).toBe('stable');
  });

  it('waits for the next answer where that to an earlier offer does not fit', async () => {
    negotiation.offer();
    await settle();
    negotiation.repeat();
    await settle();
    negotiation.receive(answer('garbage'));
    negotiation.receive(answer('fits'));
    await settle();
    expect(applied).toEqual(['fits']);
    expect(stuck).toEqual([]);
  });

  it('restarts ICE with an offer', async () => {
    negotiation.offer({ iceRestart: true });
    await settle();
    expect(peer.iceRestarts).toBe(1);
    expect(sent).toEqual(['offer']);
  });

  it('asks for voices that were lost in offers and answers, where the browser lets it', async () => {
    peer.addTransceiver('audio', { direction: 'sendrecv' });
    negotiation.offer();
    await settle();
    expect(peer.localDescription?.sdp).toContain('a=rtcp-fb:111 nack');
    negotiation.receive(answer());
    negotiation.receive(offer('v=0\r\nm=audio 9 X 1\r\na=rtcp-fb:1 nack\r\n'));
    await settle();
    expect(peer.localDescription).toMatchObject({ type: 'answer' });
    expect(peer.localDescription?.sdp).toContain('a=rtcp-fb:111 nack');
    peer.insists = true;
    negotiation.offer();
    await settle();
    expect(peer.localDescription?.sdp).not.toContain('nack');
    expect(sent).toEqual(['offer', 'answer', 'offer']);
    expect(stuck).toEqual([]);
  });

  it('bounds what it keeps', async () => {
    for (let i = 0; i < 40; i += 1) negotiation.receive(offer(String(i)));
    expect(stuck.length).toBeGreaterThan(0);
    await settle();
    expect(applied.length).toBeLessThanOrEqual(16);
  });

  it('does nothing once it is closed', async () => {
    negotiation.receive(offer());
    negotiation.close();
    negotiation.offer();
    negotiation.receive(offer());
    await settle(60_000);
    expect(sent).toEqual([]);
    expect(stuck).toEqual([]);
  });
});
