/** The status page in a browser: it follows by itself, says when nothing comes any more, and fits a phone. */
import type { AddressInfo } from 'node:net';
import { type Browser, launch, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHROMIUM_FLAGS } from '../../demo/check/chromium-flags.ts';
import type { Status } from '../../src/http/deps.ts';
import { IDLE, startTestApp } from '../../src/http/fixtures/test-app.ts';

/** A busy machine is slow, and must not fail a test. */
const WAIT = { timeout: 45_000, polling: 100 };

const CONFERENCE = { roomId: `!${'room'.repeat(12)}:example.org`, confId: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6' };
const BUSY: Status = {
  ...IDLE,
  load: { ...IDLE.load, workers: [{ worker: 1, load: 0.9, routers: 2, participants: 12, consumers: 400 }] },
  conferences: [
    { conference: CONFERENCE, joining: 1, present: 4, silent: 1, remote: 3, tracks: 14, forwarded: 80, deficient: 2 },
  ],
  trunks: [
    {
      conference: CONFERENCE,
      peer: { userId: `@focus:${'another'.repeat(6)}.example`, deviceId: 'FOCUS' },
      state: 'broken',
      code: 'WEIR_TRUNK_UNREACHABLE',
      roundTripMs: undefined,
      traffic: undefined,
    },
  ],
  errors: [{ code: 'WEIR_TRUNK_UNREACHABLE', count: 3, agoMs: 4_000 }],
};

let browser: Browser;
beforeAll(async () => {
  browser = await launch({
    executablePath: process.env['WEIR_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...CHROMIUM_FLAGS],
    pipe: true,
  });
});
afterAll(() => browser.close());

/** A page of its own, and what it complained of. */
async function openPage(url: string, width: number): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.setViewport({ width, height: 800 });
  await page.goto(url);
  return { page, complaints };
}

it('follows by itself, and says when nothing comes any more', async () => {
  let status = IDLE;
  const { app } = await startTestApp('/nowhere', {}, { status: () => status });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const { page, complaints } = await openPage(`http://127.0.0.1:${port}/status`, 1280);
  expect(await page.$eval('#stale', note => note.hasAttribute('hidden'))).toBe(true);
  expect(await page.$eval('main', ({ textContent }) => textContent)).not.toContain('WEIR_TRUNK_UNREACHABLE');
  status = BUSY;
  await page.waitForFunction('document.querySelector("main").textContent.includes("WEIR_TRUNK_UNREACHABLE")', WAIT);
  expect(complaints).toEqual([]);
  await app.close();
  await page.waitForFunction('!document.querySelector("#stale").hidden', WAIT);
  expect(await page.$eval('#stale b', ({ textContent }) => textContent)).toMatch(/^\d+ s$/);
  await page.close();
});

it.each([320, 768, 1280])('has all that it shows within %i px', async width => {
  const { app } = await startTestApp('/nowhere', {}, { status: () => BUSY });
  try {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const { page } = await openPage(`http://127.0.0.1:${port}/status`, width);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page.close();
  } finally {
    await app.close();
  }
});
