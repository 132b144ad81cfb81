/** Every codec, from the call page to the call page; and what those see of each other who have none in common. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoLink } from '../../demo/site.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import type { CallRoom } from '../../demo/call-room.ts';
import { type CallPage, CallPages } from '../../demo/check/call-pages.ts';
import type { PageReport, ReceivedStream } from '../../demo/check/page-report.ts';
import { eventually, report, Stage } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

let stage: Stage;
let browser: CallPages;
let sendable: string[];
beforeAll(async () => {
  if (!existsSync(PAGE_DIR)) throw new Error(`no call page in ${PAGE_DIR}: npm run build:page`);
  [stage, browser] = await Promise.all([Stage.start({ pageDir: PAGE_DIR }), CallPages.open()]);
  sendable = await browser.sendableCodecs();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await stage.end();
});

function linkOf(user: MatrixUser, room: CallRoom, codec: string): string {
  const page = stage.focus.baseUrl;
  const link = demoLink({ page, homeserver: stage.synapse.baseUrl, user, room, focusUser: stage.focus.user });
  return `${link}&video=640x360x10&codec=${codec}`;
}

function of(seen: PageReport | undefined, other: MatrixUser): ReceivedStream | undefined {
  return seen?.received.find(({ userId }) => userId === other.userId);
}

/** Reads until it holds for all pages. */
async function untilAll(what: string, pages: readonly CallPage[], holds: () => boolean): Promise<void> {
  const read = async (): Promise<boolean> => {
    await Promise.all(pages.map(page => page.read()));
    return holds();
  };
  await eventually(what, read).catch((thrown: unknown) => {
    throw new Error(pages.map(({ report: seen }) => JSON.stringify(seen)).join('\n'), { cause: thrown });
  });
}

test.each([
  { codec: 'VP8', layers: 3, mode: '', small: 320 },
  { codec: 'H264', layers: 3, mode: '', small: 320 },
  { codec: 'VP9', layers: 1, mode: 'L2T3_KEY', small: 320 },
  { codec: 'AV1', layers: 1, mode: 'L2T3_KEY', small: 320 },
])('$codec: two people see and hear each other, and layers are switched', async ({ codec, layers, mode, small }) => {
  if (!sendable.includes(`video/${codec}`)) {
    report(codec, { skipped: `the installed Chromium encodes no ${codec}` });
    return;
  }
  await using scene = stage.scene();
  const users = await scene.users(2);
  const [ann, ben] = users;
  const room = await scene.callRoom(users);
  const pages = await Promise.all(users.map(user => browser.join(linkOf(user, room, codec))));
  try {
    const [first, second] = pages;
    if (first === undefined || second === undefined) throw new Error('no pages');
    const whole = (page: CallPage, other: MatrixUser): boolean => {
      const from = of(page.report, other);
      return from !== undefined && from.frames > 15 && from.audioPackets > 50 && from.width > small;
    };
    await untilAll(`both are whole in ${codec}`, pages, () => whole(first, ben) && whole(second, ann));
    for (const page of pages) {
      const sent = page.report?.sentVideo ?? [];
      expect(new Set(sent.map(one => one.codec))).toEqual(new Set([`video/${codec}`]));
      expect(sent).toHaveLength(layers);
      if (mode !== '') expect(sent[0]?.scalabilityMode).toBe(mode);
      expect(page.report?.problem).toBeUndefined();
    }
    expect(of(first.report, ben)?.codec).toBe(`video/${codec}`);
    const camera = of(first.report, ben);
    const widthOfBen = (): number => of(first.report, ben)?.width ?? 0;
    const framesOfBen = (): number => of(first.report, ben)?.frames ?? 0;
    for (const [what, width, height] of [
      ['small', 160, 90],
      ['large', 640, 360],
    ] as const) {
      await first.wantSize(camera?.streamId ?? '', camera?.videoTrackId ?? '', width, height);
      await untilAll(`the ${what} layer is shown`, [first], () => widthOfBen() <= small === (what === 'small'));
      const before = framesOfBen();
      await untilAll(`the ${what} layer flows`, [first], () => framesOfBen() > before + 15);
      expect(widthOfBen() <= small).toBe(what === 'small');
    }
  } finally {
    await Promise.all(pages.map(page => page.close()));
  }
});

test('VP9: one stream is a thumbnail for one viewer and whole for another, at the same time', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const [ann] = users;
  const room = await scene.callRoom(users);
  const pages = await Promise.all(users.map(user => browser.join(linkOf(user, room, 'VP9'))));
  try {
    const [, near, distant] = pages;
    if (near === undefined || distant === undefined) throw new Error('no pages');
    const width = (page: CallPage): number => of(page.report, ann)?.width ?? 0;
    const frames = (page: CallPage): number => of(page.report, ann)?.frames ?? 0;
    await untilAll('both see', [near, distant], () => frames(near) > 15 && frames(distant) > 15);
    const { streamId = '', videoTrackId = '' } = of(near.report, ann) ?? {};
    await near.wantSize(streamId, videoTrackId, 640, 360);
    await distant.wantSize(streamId, videoTrackId, 160, 90);
    await untilAll('each has its layer', [near, distant], () => width(near) === 640 && width(distant) === 320);
    const before = [frames(near), frames(distant)];
    await untilAll('both layers flow', [near, distant], () =>
      [near, distant].every((page, index) => frames(page) > (before[index] ?? 0) + 15),
    );
    expect([width(near), width(distant)]).toEqual([640, 320]);
  } finally {
    await Promise.all(pages.map(page => page.close()));
  }
});

test('who has no codec in common hears the other, and is told why there is no picture', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const [hana, vera, both] = users;
  const room = await scene.callRoom(users);
  // The third takes everything, and sends VP8.
  const codecs = ['H264', 'VP8', 'VP8,H264'];
  const pages = await Promise.all(users.map((user, index) => browser.join(linkOf(user, room, codecs[index] ?? ''))));
  try {
    const [h264, vp8, any] = pages;
    if (h264 === undefined || vp8 === undefined || any === undefined) throw new Error('no pages');
    const hears = (page: CallPage, other: MatrixUser): boolean => (of(page.report, other)?.audioPackets ?? 0) > 50;
    const sees = (page: CallPage, other: MatrixUser): boolean => (of(page.report, other)?.frames ?? 0) > 15;
    await untilAll('everybody hears everybody, and sees whom it can', pages, () => {
      const heard = pages.every((page, index) => users.every((other, place) => place === index || hears(page, other)));
      return heard && sees(any, hana) && sees(any, vera) && sees(vp8, both);
    });
    expect(of(any.report, hana)?.codec).toBe('video/H264');
    expect(of(any.report, vera)?.codec).toBe('video/VP8');
    for (const { page, other, codec } of [
      { page: h264, other: vera, codec: 'VP8' },
      { page: h264, other: both, codec: 'VP8' },
      { page: vp8, other: hana, codec: 'H264' },
    ]) {
      expect(of(page.report, other)).toMatchObject({ undecodable: codec, frames: 0 });
      expect(of(page.report, other)?.tile).toContain(`Sent in ${codec}, which this browser cannot show`);
      expect(page.report?.problem).toBeUndefined();
    }
    expect(any.report?.received.map(({ undecodable }) => undecodable)).toEqual([undefined, undefined]);
  } finally {
    await Promise.all(pages.map(page => page.close()));
  }
});
