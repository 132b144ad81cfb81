/** A call of a thousand: what somebody does is told to those whom it concerns, and to them once. */
import { describe, expect, it } from 'vitest';
import { callOfSize, estimate, muted, pong, silentClient, subscription } from '../testing/signalling/calls.ts';

describe('in a webinar of 1,000', () => {
  const webinar = callOfSize('webinar', 1_000);
  const { driver, members } = webinar;
  const [host, viewer] = members;
  if (host === undefined || viewer === undefined) throw new Error('nobody is in the call');

  it('a viewer comes, watches and goes without a word to the others', () => {
    const newcomer = silentClient('newcomer');
    const join = driver.join([newcomer], newcomer);
    const watch = driver.play([subscription(webinar, newcomer)], newcomer);
    const leave = driver.play([{ kind: 'hung-up', call: newcomer.call }], newcomer);
    // The answer to its invite, and all streams.
    expect(join.messages).toBe(2);
    expect(join.toOthers + watch.toOthers + leave.toOthers).toBe(0);
  });

  it('a mute of its publisher is one small message to each viewer', () => {
    const { messages, toOthers, bytes } = driver.play([muted(host, true)], host);
    expect([messages, toOthers]).toEqual([999, 999]);
    expect(bytes / messages).toBeLessThan(512);
  });

  it('what a viewer says of itself is told to nobody', () => {
    expect(driver.play([pong(viewer), estimate(viewer, 3_000_000)], viewer).messages).toBe(0);
  });

  it('a viewer that wants a larger layer is told to its publisher alone, and only where nobody had it', () => {
    const small = { width: 320, height: 180 };
    expect(driver.play([subscription(webinar, viewer, small)], viewer).messages).toBe(0);
    driver.play(members.slice(1).map(member => subscription(webinar, member, small)));
    for (let turn = 0; turn < 4; turn += 1) driver.tick();
    const large = driver.play([subscription(webinar, viewer)], viewer);
    expect([large.messages, large.toOthers]).toEqual([1, 1]);
  });
});

describe('a hundred publishers who come at once', () => {
  it('are told in few messages', () => {
    const { driver } = callOfSize('webinar', 200);
    for (let turn = 0; turn < 4; turn += 1) driver.tick();
    const publishers = callOfSize('meeting', 100).members;
    const { toOthers } = driver.join(publishers, publishers[0]);
    const each = toOthers / 300;
    expect(each).toBeLessThan(4);
  });
});
