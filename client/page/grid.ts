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
const SMALLEST_HEIGHT = 90;
const SMALLEST_WIDTH = 120;

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
    if (columns > 1 && room.width < SMALLEST_WIDTH) break;
    const tile = fit(room, narrowest);
    const scrolls = tile.height < SMALLEST_HEIGHT && columns > 1;
    // Empty places in the last row cost as much as smaller tiles would.
    const empty = columns * rows - count;
    const score = tile.width * tile.height * (1 - 0.02 * empty);
    if (!scrolls && (best === undefined || score > best.score)) best = { layout: { columns, tile, scrolls }, score };
  }
  if (best !== undefined && best.layout.tile.height >= SMALLEST_HEIGHT) return best.layout;
  return scrollingLayout(box, gap);
}

function fit(room: Box, narrowest: number): Box {
  const width = Math.floor(Math.min(room.width, room.height * WIDEST));
  const height = Math.floor(Math.min(room.height, room.width / narrowest));
  return { width: Math.max(0, width), height: Math.max(0, height) };
}

function scrollingLayout(box: Box, gap: number): Layout {
  const columns = Math.max(1, Math.floor((box.width + gap) / (160 + gap)));
  const width = Math.floor((box.width - gap * (columns - 1)) / columns);
  return { columns, tile: { width, height: Math.max(SMALLEST_HEIGHT, Math.floor(width * 0.75)) }, scrolls: true };
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
 * picked); the rest then stand in a strip beside or below it.
 */
export function placeTiles(others: number, stage: number | undefined, box: Box, gap: number): Placement {
  if (stage !== undefined && stage <= others && others > 0) return placeStage(others + 1, stage, box, gap);
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

function placeStage(count: number, stage: number, box: Box, gap: number): Placement {
  const beside = box.width >= box.height * 1.2;
  const strip = beside ? Math.min(260, Math.max(140, box.width * 0.2)) : Math.min(124, Math.max(90, box.height * 0.16));
  const tile = beside
    ? { width: Math.round(strip), height: Math.round(strip / WIDEST) }
    : { width: Math.round(strip * 0.9), height: Math.round(strip) };
  const fits = beside
    ? Math.floor((box.height + gap) / (tile.height + gap))
    : Math.floor((box.width + gap) / (tile.width + gap));
  const large: Rect = {
    x: 0,
    y: 0,
    width: Math.max(0, beside ? box.width - tile.width - gap : box.width),
    height: Math.max(0, beside ? box.height : box.height - tile.height - gap),
  };
  const small = Math.min(count - 1, Math.max(1, fits));
  const length = small * (beside ? tile.height : tile.width) + (small - 1) * gap;
  const start = Math.max(0, ((beside ? box.height : box.width) - length) / 2);
  let place = 0;
  const rects = Array.from({ length: count }, (_, index): Rect | undefined => {
    if (index === stage) return large;
    // Our own tile keeps a place: it is how people see that they are seen.
    const own = index === count - 1;
    if (!own && place >= small - (stage === count - 1 ? 0 : 1)) return undefined;
    const along = start + place * ((beside ? tile.height : tile.width) + gap);
    place += 1;
    return {
      x: Math.round(beside ? box.width - tile.width : along),
      y: Math.round(beside ? along : box.height - tile.height),
      ...tile,
    };
  });
  return { rects, height: box.height, left: count - 1 - small };
}
