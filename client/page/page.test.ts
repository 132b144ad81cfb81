import { describe, expect, it } from 'vitest';
import { describeChanges, type Heard } from './announcements.ts';
import { layoutGrid, placeTiles, stripPlaces, wholeIn } from './grid.ts';
import { callFragment, parseCaptureSize, parseLink } from './link.ts';
import { changePlaces, stripOrder } from './strip-order.ts';

describe('links', () => {
  it('of a demo carry all that is needed', () => {
    const hash = `#/demo?${new URLSearchParams({
      hs: 'http://127.0.0.1:8008',
      user: '@a:x',
      token: 'T&=',
      device: 'D',
      room: '!r:x',
      conf: 'c',
      focus_user: '@f:x',
      focus_device: 'F',
      autojoin: '1',
      video: '640x360x15',
      signalling: 'to-device',
    })}`;
    expect(parseLink(hash, '')).toEqual({
      target: { room: '!r:x', confId: 'c', via: [], homeserverUrl: 'http://127.0.0.1:8008' },
      credentials: { homeserverUrl: 'http://127.0.0.1:8008', userId: '@a:x', deviceId: 'D', accessToken: 'T&=' },
      loginToken: undefined,
      focus: { userId: '@f:x', deviceId: 'F' },
      autojoin: true,
      video: { width: 640, height: 360, frameRate: 15 },
      toDeviceOnly: true,
      witness: false,
    });
  });

  it('may force how pictures are sent, and which way media goes', () => {
    const mediaOf = (said: string): unknown => parseLink(`#/demo?room=!r:x${said}`, '').media;
    expect(mediaOf('')).toBeUndefined();
    expect(mediaOf('&codec=H264')).toEqual({ codecs: ['H264'], relayOnly: false });
    expect(mediaOf('&codec=AV1,VP8&relay=1')).toEqual({ codecs: ['AV1', 'VP8'], relayOnly: true });
    expect(mediaOf('&codec=%20%2f,&relay=yes')).toBeUndefined();
  });

  it('to a call come back as they were made', () => {
    const target = { room: '#a b:x', confId: 'c&d', via: ['x', 'y:1'], homeserverUrl: 'https://x' };
    expect(parseLink(callFragment(target), '').target).toEqual(target);
    expect(callFragment({ ...target, homeserverUrl: undefined })).not.toContain('hs=');
  });

  it('say nothing where they are none', () => {
    for (const hash of ['', '#', '#/', '#/call', '#/call?', '#/demo?user=x&token=y', '#/../?room=x']) {
      expect(parseLink(hash, '')).toMatchObject({
        target: undefined,
        credentials: undefined,
        autojoin: false,
        toDeviceOnly: false,
        witness: false,
      });
    }
    expect(parseLink('', '?loginToken=t').loginToken).toBe('t');
  });

  it('limit the camera to sizes that make sense only', () => {
    for (const text of [null, '', '640x360', '0x0x0', '640x360x0', 'axbxc', '99999x1x1']) {
      expect(parseCaptureSize(text)).toBeUndefined();
    }
  });
});

describe('the grid', () => {
  const desktop = { width: 1264, height: 680 };
  const phone = { width: 374, height: 700 };

  it('keeps every tile inside, whatever their number', () => {
    for (const box of [desktop, phone, { width: 700, height: 300 }]) {
      for (let others = 0; others <= 49; others += 1) {
        const { rects, height } = placeTiles(others, undefined, box, 8);
        expect(rects).toHaveLength(others + 1);
        for (const rect of rects) {
          expect(rect).toBeDefined();
          if (rect === undefined) continue;
          expect(rect.width).toBeGreaterThanOrEqual(60);
          expect(rect.height).toBeGreaterThanOrEqual(60);
          expect(rect.x).toBeGreaterThanOrEqual(-1);
          expect(rect.x + rect.width).toBeLessThanOrEqual(box.width + 1);
          expect(rect.y).toBeGreaterThanOrEqual(-1);
          expect(rect.y + rect.height).toBeLessThanOrEqual(height + 1);
        }
      }
    }
  });

  it('lets no tiles overlap', () => {
    for (let others = 2; others <= 30; others += 1) {
      for (const stage of [undefined, 0]) {
        const rects = placeTiles(others, stage, desktop, 8).rects.filter(rect => rect !== undefined);
        for (const [i, a] of rects.entries()) {
          for (const b of rects.slice(i + 1)) {
            const apart =
              a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            expect(apart).toBe(true);
          }
        }
      }
    }
  });

  it('uses the room it has', () => {
    expect(layoutGrid(4, desktop, 8).columns).toBe(2);
    expect(layoutGrid(9, desktop, 8).columns).toBe(3);
    expect(layoutGrid(2, phone, 8).columns).toBe(1);
    expect(layoutGrid(4, phone, 8).columns).toBe(2);
    expect(layoutGrid(50, phone, 8).scrolls).toBe(true);
  });

  it('shows 50 people on a desk without scrolling, and three beside each other on a phone', () => {
    const { tile, scrolls } = layoutGrid(50, desktop, 8);
    expect(scrolls).toBe(false);
    expect(tile.width).toBeGreaterThanOrEqual(120);
    expect(tile.height).toBeGreaterThanOrEqual(68);
    expect(layoutGrid(50, phone, 8)).toMatchObject({ columns: 3, tile: { width: 119 }, scrolls: true });
    expect(layoutGrid(50, { width: 344, height: 560 }, 8).columns).toBe(3);
    expect(layoutGrid(200, desktop, 8).scrolls).toBe(true);
  });

  it('gives the strip to those who come first in it', () => {
    const places = stripPlaces(49, desktop, 8);
    expect(places).toBeGreaterThan(10);
    const order = [40, 3, 45, ...Array.from({ length: places - 2 }, (_, index) => 30 - index)];
    const { rects, left } = placeTiles(49, 3, desktop, 8, order);
    const inStrip = rects.flatMap((rect, index) => (rect === undefined || index === 3 ? [] : [index]));
    expect(inStrip).toEqual([...order.filter(index => index !== 3), 49].toSorted((a, b) => a - b));
    expect(rects[40]?.y).toBe(rects[45]?.y);
    expect(rects[40]?.x).toBeLessThan(rects[45]?.x ?? 0);
    expect(rects[49]?.y).toBeGreaterThan(rects[45]?.y ?? Number.POSITIVE_INFINITY);
    expect(left).toBe(49 - 1 - places);
  });

  it('makes the strip larger where it holds everybody', () => {
    const width = (others: number): number => placeTiles(others, 0, desktop, 8).rects[1]?.width ?? 0;
    expect(width(3)).toBeGreaterThan(1.9 * width(30));
    expect(stripPlaces(30, phone, 8)).toBe(8);
    expect(placeTiles(2, 0, phone, 8).rects[0]?.height).toBeGreaterThan(phone.height * 0.8);
  });

  it('gives the other the whole box where there is one', () => {
    const [other, own] = placeTiles(1, undefined, desktop, 8).rects;
    expect(other).toEqual({ x: 0, y: 0, ...desktop });
    expect(own?.width).toBeLessThan(300);
  });

  it('puts a shared screen on a stage, keeps ourselves, and says who found no place', () => {
    for (const box of [desktop, phone]) {
      const { rects, left } = placeTiles(20, 5, box, 8);
      const shown = rects.filter(rect => rect !== undefined);
      expect(shown.length + left).toBe(21);
      expect(left).toBeGreaterThan(0);
      expect(rects[20]).toBeDefined();
      const area = ({ width, height } = { width: 0, height: 0 }): number => width * height;
      for (const [index, rect] of rects.entries()) if (index !== 5) expect(area(rect)).toBeLessThan(area(rects[5]));
    }
  });

  it('knows how large a picture is that is shown whole', () => {
    expect(wholeIn({ width: 748, height: 856 }, { width: 1496, height: 842 })).toEqual({ width: 748, height: 421 });
    expect(wholeIn({ width: 100, height: 50 }, { width: 90, height: 160 }).height).toBe(50);
    for (const unknown of [{}, { width: 0, height: 5 }, { width: undefined, height: 5 }]) {
      expect(wholeIn({ width: 7, height: 8 }, unknown)).toEqual({ width: 7, height: 8 });
    }
  });

  it('needs no room to answer', () => {
    expect(placeTiles(3, undefined, { width: 0, height: 0 }, 8).rects).toHaveLength(4);
    expect(placeTiles(3, 0, { width: 0, height: 0 }, 8).rects).toHaveLength(4);
  });
});

describe('the strip', () => {
  const keys = ['a', 'b', 'c', 'd', 'e'];

  it('stays as it is while the speakers are in it', () => {
    expect(stripOrder(keys, keys, ['c', 'a'], 3)).toEqual(keys);
    expect(stripOrder([], keys, [], 3)).toEqual(keys);
  });

  it('gives a speaker the place of whoever was silent for the longest', () => {
    expect(stripOrder(keys, keys, ['d'], 3)).toEqual(['a', 'b', 'd', 'c', 'e']);
    expect(stripOrder(keys, keys, ['d', 'c', 'a'], 3)).toEqual(['a', 'd', 'c', 'b', 'e']);
    expect(stripOrder(keys, keys, ['e', 'd', 'c'], 3).slice(0, 3).toSorted()).toEqual(['c', 'd', 'e']);
  });

  it('follows who comes and goes, and knows nobody else', () => {
    expect(stripOrder(['c', 'x', 'a'], ['a', 'b', 'c'], ['x', 'b'], 2)).toEqual(['c', 'b', 'a']);
    expect(stripOrder(keys, keys, ['e'], 0)).toEqual(keys);
    expect(stripOrder(['a'], [], ['a'], 3)).toEqual([]);
  });

  it('gives who comes from the stage the place of who goes there', () => {
    expect(changePlaces(['a', 'b', 'c'], 'b', 'stage')).toEqual(['a', 'stage', 'c']);
    expect(changePlaces(['a', 'b'], 'new', 'stage')).toEqual(['a', 'b']);
    for (const from of [undefined, 'a', 'b']) expect(changePlaces(['a', 'b'], 'b', from)).toEqual(['a', 'b']);
  });
});

describe('announcements', () => {
  const heard = (name: string, more: Partial<Heard> = {}): Heard => ({
    key: name,
    name,
    audioMuted: false,
    sharing: false,
    sealed: false,
    ...more,
  });

  it('tell who came, went, muted and shared', () => {
    expect(describeChanges([], [heard('Ana'), heard('Bo')])).toEqual(['Ana and Bo joined.']);
    expect(describeChanges([heard('Ana')], [])).toEqual(['Ana left.']);
    expect(describeChanges([heard('Ana')], [heard('Ana', { audioMuted: true, sharing: true })])).toEqual([
      'Ana muted.',
      'Ana shared a screen.',
    ]);
    const sealed = heard('Ana', { sealed: true });
    expect(describeChanges([heard('Ana')], [sealed])).toEqual(['Ana cannot be decrypted.']);
    expect(describeChanges([sealed], [sealed])).toEqual([]);
    expect(describeChanges([sealed], [heard('Ana')])).toEqual(['Ana can be decrypted again.']);
    expect(describeChanges([], [sealed])).toEqual(['Ana joined.', 'Ana cannot be decrypted.']);
    expect(describeChanges([heard('Ana')], [heard('Ana')])).toEqual([]);
  });

  it('do not list a crowd', () => {
    expect(
      describeChanges(
        [],
        ['a', 'b', 'c', 'd'].map(name => heard(name)),
      ),
    ).toEqual(['4 people joined.']);
  });
});
