import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Call, pause } from '../call.ts';

const FOLDER = resolve(import.meta.dirname, '..', '..', '..', '.weir', 'demo');
/** CSS px. */
const SCREENS = [
  { file: 'call.png', width: 1_280, height: 720, deviceScaleFactor: 1 },
  { file: 'call-phone.png', width: 390, height: 844, deviceScaleFactor: 2 },
];
const DRAWN_AFTER_MS = 2_000;

/** Saves what the first participant sees, on a desktop and on a phone. */
export async function takePictures(call: Call): Promise<void> {
  call.progress.phase('Take pictures');
  const [first] = call.participants;
  if (first === undefined) return;
  await mkdir(FOLDER, { recursive: true });
  const usual = first.page.viewport();
  for (const { file, ...viewport } of SCREENS) {
    await first.page.setViewport(viewport);
    await pause(call, DRAWN_AFTER_MS);
    const path = join(FOLDER, file);
    await first.page.screenshot({ path: path, type: 'png' });
    call.progress.tell(path);
  }
  await first.page.setViewport(usual);
  await pause(call, DRAWN_AFTER_MS);
}
