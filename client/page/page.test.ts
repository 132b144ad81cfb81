import { describe, expect, it } from 'vitest';
import { describeChanges, type Heard } from './announcements.ts';
import { layoutGrid, placeTiles } from './grid.ts';
import { callFragment, parseCaptureSize, parseLink } from './link.ts';

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
    })}`;
    expect(parseLink(hash, '')).toEqual({
      target: { room: '!r:x', confId: 'c', via: [], homeserverUrl: 'http://127.0.0.1:8008' },
      credentials: { homeserverUrl: 'http://127.0.0.1:8008', userId: '@a:x', deviceId: 'D', accessToken: 'T&=' },
      loginToken: undefined,
      focus: { userId: '@f:x', deviceId: 'F' },
      autojoin: true,
      video: { width: 640, height: 360, frameRate: 15 },
    });
  });

  it('to a call come back as they were made', () => {
    const target = { room: '#a b:x', confId: 'c&d', via: ['x', 'y:1'], homeserverUrl: 'https://x' };
    expect(parseLink(callFragment(target), '').target).toEqual(target);
    expect(callFragment({ ...target, homeserverUrl: undefined })).not.toContain('hs=');
  });

  it('say nothing where they are none', () => {
    for (const hash of ['', '#', '#/', '#/call', '#/call?', '#/demo?user=x&token=y', '#/../?room=x']) {
      expect(parseLink(hash, '')).toMatchObject({ target: undefined, credentials: undefined, autojoin: false });
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

  it('needs no room to answer', () => {
    expect(placeTiles(3, undefined, { width: 0, height: 0 }, 8).rects).toHaveLength(4);
    expect(placeTiles(3, 0, { width: 0, height: 0 }, 8).rects).toHaveLength(4);
  });
});

describe('announcements', () => {
  const heard = (name: string, more: Partial<Heard> = {}): Heard => ({
    key: name,
    name,
    audioMuted: false,
    sharing: false,
    ...more,
  });

  it('tell who came, went, muted and shared', () => {
    expect(describeChanges([], [heard('Ana'), heard('Bo')])).toEqual(['Ana and Bo joined.']);
    expect(describeChanges([heard('Ana')], [])).toEqual(['Ana left.']);
    expect(describeChanges([heard('Ana')], [heard('Ana', { audioMuted: true, sharing: true })])).toEqual([
      'Ana muted.',
      'Ana shared a screen.',
    ]);
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
