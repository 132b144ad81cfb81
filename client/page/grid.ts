/** How tiles share a box. Pure. */

export interface Box {
  width: number;
  height: number;
}

export interface Layout {
  columns: number;
  /** Size of every tile, in CSS px. */
  tile: Box;
  /** More than fits: the grid scrolls. */
  scrolls: boolean;
}

const WIDEST = 16 / 9;
/** Pictures are cropped to no less than this; on phones held upright to much less, since faces are in the middle. */
const NARROWEST = { upright: 0.6, wide: 4 / 3 };
/** Smaller tiles show nobody: more of them are scrolled. Three stand side by side on a phone. */
const SMALLEST: Box = { width: 108, height: 68 };

/** The layout with the largest tiles. `gap` and the box in CSS px. */
export function layoutGrid(count: number, box: Box, gap: number): Layout {
  if (count <= 0 || box.width <= 0 || box.height <= 0)
    return { columns: 1, tile: { width: 0, height: 0 }, scrolls: false };
  const narrowest = box.height > box.width ? NARROWEST.upright : NARROWEST.wide;
  let best: { layout: Layout; score: number } | undefined;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const room = {
      width: (box.width - gap * (columns - 1)) / columns,
      height: (box.height - gap * (rows - 1)) / rows,
    };
    if (columns > 1 && room.width < SMALLEST.width) break;
    const tile = fit(room, narrowest);
    if (tile.height < SMALLEST.height || tile.width < SMALLEST.width) continue;
    // Empty places in the last row cost as much as smaller tiles would.
    const empty = columns * rows - count;
    const score = tile.width * tile.height * (1 - 0.02 * empty);
    if (best === undefined || score > best.score) best = { layout: { columns, tile, scrolls: false }, score };
  }
  return best?.layout ?? scrollingLayout(box, gap);
}

function fit(room: Box, narrowest: number): Box {
  const width = Math.floor(Math.min(room.width, room.height * WIDEST));
  const height = Math.floor(Math.min(room.height, room.width / narrowest));
  return { width: Math.max(0, width), height: Math.max(0, height) };
}

function scrollingLayout(box: Box, gap: number): Layout {
  const comfortable = Math.min(150, Math.max(SMALLEST.width, box.width * 0.3));
  const columns = Math.max(1, Math.floor((box.width + gap) / (comfortable + gap)));
  const width = Math.floor((box.width - gap * (columns - 1)) / columns);
  return { columns, tile: { width, height: Math.max(SMALLEST.height, Math.floor(width * 0.75)) }, scrolls: true };
}

/** Where a tile lies in the box, in CSS px. */
export interface Rect extends Box {
  x: number;
  y: number;
}

export interface Placement {
  /** One for each of the others, then our own; `undefined` is not shown. */
  rects: (Rect | undefined)[];
  /** Height of all together; more than the box where it scrolls. */
  height: number;
  /** Others that found no place beside a stage. */
  left: number;
}

/**
 * Places the tiles of `others` and our own. `stage`: index of the tile that is enlarged (a shared screen, or whoever was
 * picked); the rest then stand in a strip beside or below it, as far as there is room, in the order of `strip` (indices of
 * the others; those that it leaves out come last).
 */
export function placeTiles(
  others: number,
  stage: number | undefined,
  box: Box,
  gap: number,
  strip: readonly number[] = [],
): Placement {
  if (stage !== undefined && stage <= others && others > 0) return placeStage(others, stage, box, gap, strip);
  if (others === 1) return placePair(box, gap);
  const count = others + 1;
  const { columns, tile, scrolls } = layoutGrid(count, box, gap);
  const rows = Math.ceil(count / columns);
  const height = rows * tile.height + (rows - 1) * gap;
  const top = scrolls ? 0 : Math.max(0, (box.height - height) / 2);
  const rects = Array.from({ length: count }, (_, index): Rect => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (box.width - inRow * tile.width - (inRow - 1) * gap) / 2;
    return {
      x: Math.round(left + (index - row * columns) * (tile.width + gap)),
      y: Math.round(top + row * (tile.height + gap)),
      ...tile,
    };
  });
  return { rects, height: scrolls ? height : box.height, left: 0 };
}

/** Two people: the other fills the box, we are a picture in its corner. */
function placePair(box: Box, gap: number): Placement {
  const portrait = box.height > box.width;
  const width = Math.round(portrait ? Math.min(132, box.width * 0.3) : Math.min(232, box.width * 0.24));
  const height = Math.round(portrait ? width * 1.3 : width / WIDEST);
  const margin = gap * 1.5;
  return {
    rects: [
      { x: 0, y: 0, ...box },
      { x: box.width - width - margin, y: box.height - height - margin, width, height },
    ],
    height: box.height,
    left: 0,
  };
}

/** How large a picture is drawn that is shown whole in a box; the box itself where its shape is not known. */
export function wholeIn(box: Box, picture: Partial<Record<'width' | 'height', number | undefined>>): Box {
  const { width = 0, height = 0 } = picture;
  if (width <= 0 || height <= 0) return box;
  const scale = Math.min(box.width / width, box.height / height);
  return { width: width * scale, height: height * scale };
}

interface Strip {
  /** It stands beside the stage, or else below it. */
  beside: boolean;
  tile: Box;
  columns: number;
  /** Most rows. */
  rows: number;
}

/** Share of an upright box that the strip below the stage may take. */
const MOST_BELOW = 0.42;

/** The strip for `count` tiles; smaller ones in more columns or rows where one line does not hold them. */
function stripOf(count: number, box: Box, gap: number): Strip {
  const fitting = (length: number, side: number): number => Math.max(1, Math.floor((length + gap) / (side + gap)));
  if (box.width >= box.height * 1.2) {
    const width = Math.round(Math.min(260, Math.max(140, box.width * 0.2)));
    const half = Math.floor((width - gap) / 2);
    const lineOf = (side: number): Box => ({ width: side, height: Math.round(side / WIDEST) });
    const single = { tile: lineOf(width), columns: 1, rows: fitting(box.height, lineOf(width).height) };
    const double = { tile: lineOf(half), columns: 2, rows: fitting(box.height, lineOf(half).height) };
    return { beside: true, ...(count <= single.rows || half < SMALLEST.width ? single : double) };
  }
  const height = Math.round(Math.min(124, Math.max(90, box.height * 0.16)));
  const line = { width: Math.round(height * 0.9), height };
  if (count <= fitting(box.width, line.width)) return { beside: false, tile: line, columns: count, rows: 1 };
  const columns = fitting(box.width, SMALLEST.width);
  const width = Math.max(SMALLEST.width, Math.floor((box.width - gap * (columns - 1)) / columns));
  const tile = { width, height: Math.round(width * 0.75) };
  return { beside: false, tile, columns, rows: fitting(box.height * MOST_BELOW, tile.height) };
}

/** How many of the others find a place beside a stage. */
export function stripPlaces(others: number, box: Box, gap: number): number {
  const { columns, rows } = stripOf(others, box, gap);
  // Our own tile keeps a place: it is how people see that they are seen.
  return columns * rows - 1;
}

function placeStage(others: number, stage: number, box: Box, gap: number, order: readonly number[]): Placement {
  const { beside, tile, columns, rows: mostRows } = stripOf(others, box, gap);
  const indices = Array.from({ length: others }, (_, index) => index);
  const waiting = [...order, ...indices.filter(index => !order.includes(index))].filter(index => index !== stage);
  const own = stage === others ? [] : [others];
  const small = [...waiting.slice(0, columns * mostRows - own.length), ...own];
  const rows = Math.ceil(small.length / columns);
  const strip = {
    width: columns * (tile.width + gap) - gap,
    height: rows * (tile.height + gap) - gap,
  };
  const left = beside ? box.width - strip.width : Math.max(0, (box.width - strip.width) / 2);
  const top = beside ? Math.max(0, (box.height - strip.height) / 2) : box.height - strip.height;
  const rects = Array.from<Rect | undefined>({ length: others + 1 });
  rects[stage] = {
    x: 0,
    y: 0,
    width: Math.max(0, beside ? box.width - strip.width - gap : box.width),
    height: Math.max(0, beside ? box.height : box.height - strip.height - gap),
  };
  for (const [place, index] of small.entries()) {
    const row = Math.floor(place / columns);
    rects[index] = {
      x: Math.round(left + (place - row * columns) * (tile.width + gap)),
      y: Math.round(top + row * (tile.height + gap)),
      ...tile,
    };
  }
  return { rects, height: box.height, left: waiting.length + own.length - small.length };
}
