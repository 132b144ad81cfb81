/** How a deployment starts a focus that is recorded. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FocusOptions } from '../../../demo/focus.ts';
import { readRecording, type Recording } from './format.ts';

const RECORDER = fileURLToPath(new URL('recorder.ts', import.meta.url));

/** @param file where everything goes: the RTP of the call, so whatever is not encrypted can be seen and heard by whoever reads it */
export function recordedTo(file: string): Pick<FocusOptions, 'preload' | 'env'> {
  return { preload: RECORDER, env: { WEIR_RECORDING: file } };
}

/** To be read when the focus has ended: it keeps the latest 200 ms to itself. Rejects where there is none. */
export async function recordingIn(file: string): Promise<Recording> {
  return readRecording(await readFile(file));
}
