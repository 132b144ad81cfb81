/** What the keys of our frame format are, for those who exchange them. */
import { sframeKeyFormat } from './key-event.ts';
import { SFRAME_SUITE } from './sframe-format.ts';

export const SFRAME_KEYS = sframeKeyFormat(SFRAME_SUITE);
