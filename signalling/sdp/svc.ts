/** Scalability modes (W3C WebRTC-SVC): layers of one stream instead of several streams. */

/** `L<spatial>T<temporal>`: the modes in which each spatial layer builds upon the lower ones. */
const MODE = /^L([1-3])T[1-3]h?(?:_KEY(?:_SHIFT)?)?$/;

/** How many spatial layers a mode has; `undefined` where it is none that can be forwarded layer by layer. */
export function spatialLayersOf(mode: string): number | undefined {
  const [, spatial] = MODE.exec(mode) ?? [];
  return spatial === undefined ? undefined : Number(spatial);
}

/** Whether a spatial layer needs the lower ones in keyframes only (`_KEY`). */
export function areLayersApart(mode: string): boolean {
  return mode.includes('_KEY');
}
