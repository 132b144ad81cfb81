/** Which pictures are taken of the call page, and what stands on it then. */

export interface Shot {
  /** Of the file, without its ending. */
  name: string;
  /** CSS px. */
  viewport: { width: number; height: number; deviceScaleFactor?: number };
  /** What is clicked first, what has to be there then, and what is clicked afterwards: selectors. */
  open?: string;
  shows?: string;
  close?: string;
  needs?: 'somebody without encryption';
}

const DESKTOP = { width: 1_280, height: 720 };

/** The call page as a widget, in the page of its host. */
export const EMBEDDED: Pick<Shot, 'name' | 'viewport'> = { name: 'embedded', viewport: DESKTOP };

/** In turn: who comes without encryption stays. */
export const SHOTS: readonly Shot[] = [
  { name: 'grid', viewport: DESKTOP, shows: '[data-stream]' },
  { name: 'phone', viewport: { width: 390, height: 844, deviceScaleFactor: 2 }, shows: '[data-stream]' },
  { name: 'speaker', viewport: DESKTOP, open: '#arrangement', shows: '.tile', close: '#arrangement' },
  {
    name: 'locked',
    viewport: DESKTOP,
    open: '#lock',
    shows: '#encryption[open] .code-groups',
    close: '#encryption button[type="submit"]',
  },
  {
    name: 'cannot-decrypt',
    viewport: DESKTOP,
    shows: '.tile-sealed-title',
    needs: 'somebody without encryption',
  },
];
