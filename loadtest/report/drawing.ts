/** Plots as SVG, drawn here: the page needs no script. Colours are the page's, by name. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { Markup } from '../../html/markup.ts';

/** The same plot for a desk, for half of it, and for a phone: scaled text would not be readable. */
export interface Format {
  name: 'wide' | 'half' | 'narrow';
  /** CSS px. */
  width: number;
}

export const WIDE: Format = { name: 'wide', width: 1_040 };
export const HALF: Format = { name: 'half', width: 506 };
export const NARROW: Format = { name: 'narrow', width: 340 };

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** @param options without its document, width and look, which the page gives */
export function drawPlot({ name, width }: Format, options: Plot.PlotOptions): Markup {
  const svg = Plot.plot({
    document,
    width,
    marginRight: 8,
    marginTop: 10,
    marginBottom: 20,
    className: `plot-${name}`,
    style: { fontFamily: 'inherit', fontSize: '11px', background: 'none' },
    ...options,
  });
  return new Markup(svg.outerHTML);
}
