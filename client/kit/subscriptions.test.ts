import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { difference, planSubscription, Subscriber, trackKey } from './subscriptions.ts';
import type { StreamMetadata, Subscription } from './wire.ts';

const GUESS = { width: 300.4, height: 200 };

function people(...names: string[]): StreamMetadata {
  return Object.fromEntries(
    names.map(name => [
      name,
      {
        user_id: `@${name}:x`,
        device_id: 'D',
        purpose: 'm.usermedia',
        tracks: { [`${name}-a`]: { kind: 'audio' as const }, [`${name}-v`]: { kind: 'video' as const } },
      },
    ]),
  );
}

describe('what is asked for', () => {
  it('is all audio, and video at its size', () => {
    const shown = new Map([[trackKey('bo', 'bo-v'), { width: 640, height: 360 }]]);
    expect(planSubscription(people('bo', 'cy'), shown, GUESS)).toEqual({
      kind: 'subscription',
      subscribe: [
        { streamId: 'bo', trackId: 'bo-a' },
        { streamId: 'bo', trackId: 'bo-v', width: 640, height: 360 },
        { streamId: 'cy', trackId: 'cy-a' },
        { streamId: 'cy', trackId: 'cy-v', width: 300, height: 200 },
      ],
      unsubscribe: [],
    });
  });

  it('is no video where the tile is hidden, but its sound still', () => {
    const plan = planSubscription(people('bo'), new Map([[trackKey('bo', 'bo-v'), 'hidden']]), GUESS);
    expect(plan.subscribe).toEqual([{ streamId: 'bo', trackId: 'bo-a' }]);
    expect(plan.unsubscribe).toEqual([{ streamId: 'bo', trackId: 'bo-v' }]);
  });

  it('is no voice that is not to be heard', () => {
    const said = new Map([
      [trackKey('bo', 'bo-a'), true],
      [trackKey('cy', 'cy-a'), false],
    ]);
    const voicesOf = (others: boolean) => {
      const plan = planSubscription(people('bo', 'cy', 'di'), new Map(), 'hidden', [], { said, others });
      const audio = ({ trackId }: { trackId: string }): boolean => trackId.endsWith('-a');
      return [plan.subscribe, plan.unsubscribe].map(list => list.filter(audio).map(({ streamId }) => streamId));
    };
    expect(voicesOf(true)).toEqual([['bo', 'di'], ['cy']]);
    expect(voicesOf(false)).toEqual([['bo'], ['cy']]);
  });

  it('says which video comes first, and asks for copies', () => {
    const shown = new Map([[trackKey('bo', 'bo-v'), { width: 640, height: 360, pinned: true }]]);
    const copy = { streamId: 'bo', trackId: 'bo-v', variant: 'strip' };
    const small = { ...copy, shown: { width: 120, height: 68 } };
    expect(planSubscription(people('bo'), shown, GUESS, [small]).subscribe.slice(1)).toEqual([
      { streamId: 'bo', trackId: 'bo-v', width: 640, height: 360, pinned: true },
      { ...copy, width: 120, height: 68 },
    ]);
    const gone = { ...copy, shown: 'hidden' as const };
    expect(planSubscription(people('bo'), shown, GUESS, [gone]).unsubscribe).toEqual([copy]);
  });

  it('is nothing new while nothing can be seen', () => {
    expect(planSubscription(people('bo'), new Map(), 'hidden').unsubscribe).toHaveLength(1);
  });

  it('is never a size that the wire forbids', () => {
    const shown = new Map([[trackKey('bo', 'bo-v'), { width: 0.2, height: 1e6 }]]);
    expect(planSubscription(people('bo'), shown, GUESS).subscribe[1]).toMatchObject({ width: 1, height: 16_384 });
  });
});

describe('difference', () => {
  const plan = (...names: string[]): Subscription => planSubscription(people(...names), new Map(), GUESS);

  it('tells new tracks from new sizes', () => {
    const larger = planSubscription(people('bo'), new Map(), { width: 900, height: 500 });
    expect(difference(plan('bo'), plan('bo'))).toBe('none');
    expect(difference(plan('bo'), larger)).toBe('sizes');
    expect(difference(plan('bo'), plan('bo', 'cy'))).toBe('tracks');
    expect(difference(plan('bo', 'cy'), plan('cy', 'bo'))).toBe('none');
  });

  it('takes a pin and a copy for more than a size', () => {
    const pinned = planSubscription(people('bo'), new Map(), { ...GUESS, pinned: true });
    expect(difference(plan('bo'), pinned)).toBe('tracks');
    expect(difference(pinned, plan('bo'))).toBe('tracks');
    const copy = { streamId: 'bo', trackId: 'bo-v', variant: 'x', shown: GUESS };
    expect(difference(plan('bo'), planSubscription(people('bo'), new Map(), GUESS, [copy]))).toBe('tracks');
  });

  it('is nothing between nothing and nothing', () => {
    expect(difference(undefined, plan())).toBe('none');
    expect(difference(undefined, plan('bo'))).toBe('tracks');
    expect(difference(plan('bo'), plan())).toBe('tracks');
  });
});

describe('the subscriber', () => {
  let sent: Subscription[];
  let open: boolean;
  let subscriber: Subscriber;
  const send = (subscription: Subscription): boolean => {
    if (open) sent.push(subscription);
    return open;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    open = true;
    subscriber = new Subscriber(send, () => GUESS);
  });
  afterEach(() => {
    subscriber.close();
    vi.useRealTimers();
  });

  it('asks for new tracks at once', () => {
    subscriber.setMetadata(people('bo'));
    expect(sent).toHaveLength(1);
    subscriber.setMetadata(people('bo'));
    expect(sent).toHaveLength(1);
  });

  it('says at once whom to hear, and knows it in the next session', () => {
    const world = new Subscriber(send, () => 'hidden', undefined, false);
    world.setMetadata(people('bo', 'cy'));
    const heard = () => sent.at(-1)?.subscribe.map(({ trackId }) => trackId);
    expect(heard()).toEqual([]);
    world.hear('bo', 'bo-a', true);
    expect(heard()).toEqual(['bo-a']);
    world.hear('cy', 'cy-a', true);
    world.hear('bo', 'bo-a', false);
    expect(heard()).toEqual(['cy-a']);
    const next = new Subscriber(send, () => 'hidden', world, false);
    next.setMetadata(people('bo', 'cy'));
    expect(heard()).toEqual(['cy-a']);
    // Who leaves and comes again is new.
    next.setMetadata(people('bo'));
    next.setMetadata(people('bo', 'cy'));
    expect(heard()).toEqual([]);
  });

  it('waits until a window is no longer resized', () => {
    subscriber.setMetadata(people('bo'));
    for (let width = 310; width < 400; width += 10) {
      subscriber.show('bo', 'bo-v', { width, height: 200 });
      vi.advanceTimersByTime(100);
    }
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(sent).toHaveLength(2);
    expect(sent[1]?.subscribe[1]?.width).toBe(390);
  });

  it('says nothing of a size that came and went', () => {
    subscriber.setMetadata(people('bo'));
    subscriber.show('bo', 'bo-v', { width: 900, height: 600 });
    subscriber.show('bo', 'bo-v', GUESS);
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(1);
  });

  it('hides and shows at once', () => {
    subscriber.setMetadata(people('bo'));
    subscriber.show('bo', 'bo-v', 'hidden');
    expect(sent).toHaveLength(2);
    subscriber.show('bo', 'bo-v', GUESS);
    expect(sent).toHaveLength(3);
  });

  it('asks once a session to be told', () => {
    open = false;
    subscriber.setMetadata(people('bo'));
    open = true;
    subscriber.flush();
    subscriber.setMetadata(people('bo', 'cy'));
    expect(sent.map(({ tell }) => tell)).toEqual([['allocation', 'speakers', 'audio_levels'], undefined]);
  });

  it('pins at once, also what has a size of its own', () => {
    subscriber.setMetadata(people('bo'));
    subscriber.override('bo', 'bo-v', { width: 900, height: 500 });
    subscriber.show('bo', 'bo-v', { width: 64, height: 36, pinned: true });
    expect(sent.at(-1)?.subscribe[1]).toMatchObject({ width: 900, height: 500, pinned: true });
    subscriber.show('bo', 'bo-v', { width: 64, height: 36 });
    expect(sent.at(-1)?.subscribe[1]).not.toHaveProperty('pinned');
  });

  it('keeps copies for as long as their track lives, over sessions', () => {
    subscriber.setMetadata(people('bo'));
    subscriber.showCopy({ streamId: 'bo', trackId: 'bo-v', variant: 'strip', shown: GUESS });
    expect(sent.at(-1)?.subscribe[2]).toMatchObject({ variant: 'strip', width: 300 });
    const next = new Subscriber(send, () => GUESS, subscriber);
    next.setMetadata(people('bo'));
    expect(sent.at(-1)?.subscribe).toHaveLength(3);
    next.setMetadata(people());
    next.setMetadata(people('bo'));
    expect(sent.at(-1)?.subscribe).toHaveLength(2);
    next.close();
  });

  it('keeps back what cannot be sent yet', () => {
    open = false;
    subscriber.setMetadata(people('bo'));
    open = true;
    subscriber.flush();
    expect(sent).toHaveLength(1);
  });

  it('obeys an override at once, and as long as the track lives', () => {
    subscriber.setMetadata(people('bo'));
    subscriber.override('bo', 'bo-v', { width: 1280, height: 720 });
    expect(sent.at(-1)?.subscribe[1]).toMatchObject({ width: 1280, height: 720 });
    subscriber.show('bo', 'bo-v', { width: 50, height: 50 });
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(2);
    subscriber.setMetadata(people());
    subscriber.setMetadata(people('bo'));
    expect(sent.at(-1)?.subscribe[1]).toMatchObject({ width: 300 });
  });

  it('tells all of it again after the focus missed some', () => {
    subscriber.setMetadata(people('bo'));
    subscriber.forget();
    subscriber.setMetadata(people('bo'));
    expect(sent).toHaveLength(2);
  });

  it('hands its sizes to the next session', () => {
    subscriber.setMetadata(people('bo'));
    subscriber.show('bo', 'bo-v', { width: 64, height: 36 });
    const next = new Subscriber(send, () => GUESS, subscriber);
    next.setMetadata(people('bo'));
    expect(sent.at(-1)?.subscribe[1]?.width).toBe(64);
    next.close();
  });
});
