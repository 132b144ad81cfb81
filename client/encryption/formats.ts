import type { FormatName, FrameFormat } from './frame-format.ts';
import { sframe } from './sframe-format.ts';

const FORMATS: Readonly<Record<FormatName, () => FrameFormat>> = { sframe: () => sframe() };

export function formatNamed(name: FormatName): FrameFormat {
  return FORMATS[name]();
}
