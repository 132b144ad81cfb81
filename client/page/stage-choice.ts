/** Who is shown large, and what the button on a tile does about it. Pure. */

/** How people are shown: all alike, or one large and the others in a strip. */
export type Arrangement = 'gallery' | 'speaker';

/** In place of a key: no shared screen is to be large, either. */
export const NO_SCREEN = 'none';

export interface TileOnStage {
  key: string;
  name: string;
  screen: boolean;
}

export interface Stage {
  /** Index of the tile. */
  index: number;
  /** It was picked, it is a shared screen, or its person spoke last. */
  by: 'pin' | 'screen' | 'voice';
}

export interface StageWishes {
  arrangement: Arrangement;
  /** Key of the tile that was picked, or `NO_SCREEN`. */
  pinned: string | undefined;
  /** Keys of those who spoke last, the latest first. */
  latest: readonly string[];
}

/** `undefined` where all are shown alike. Two people have one large picture anyway. */
export function chooseStage(
  tiles: readonly TileOnStage[],
  { arrangement, pinned, latest }: StageWishes,
): Stage | undefined {
  const picked = tiles.findIndex(({ key }) => key === pinned);
  if (picked >= 0) return { index: picked, by: 'pin' };
  const shared = pinned === NO_SCREEN ? -1 : tiles.findIndex(({ screen }) => screen);
  if (shared >= 0) return { index: shared, by: 'screen' };
  if (arrangement === 'gallery' || tiles.length < 2) return undefined;
  const indexOf = (wanted: string): number => tiles.findIndex(({ key, screen }) => key === wanted && !screen);
  const spoke = latest.find(key => indexOf(key) >= 0);
  const index = spoke === undefined ? tiles.findIndex(({ screen }) => !screen) : indexOf(spoke);
  return index < 0 ? undefined : { index, by: 'voice' };
}

export interface StageButton {
  icon: 'enlarge' | 'shrink' | 'pin';
  label: string;
  /** The tile is large because somebody wanted it. */
  pressed: boolean;
  /** What is pinned after a click. */
  pins: string | undefined;
}

/** The button of the tile at `index`; `undefined` where there is nothing to choose. */
export function stageButton(
  tiles: readonly TileOnStage[],
  index: number,
  stage: Stage | undefined,
  arrangement: Arrangement,
): StageButton | undefined {
  const tile = tiles[index];
  if (tile === undefined || (tiles.length < 2 && !tile.screen)) return undefined;
  const title = tile.screen ? `screen of ${tile.name}` : tile.name;
  if (stage?.index !== index) return { icon: 'enlarge', label: `Enlarge ${title}`, pressed: false, pins: tile.key };
  if (stage.by === 'voice') return { icon: 'pin', label: `Keep ${title} large`, pressed: false, pins: tile.key };
  const label = arrangement === 'speaker' ? 'Show who speaks instead' : `Show ${title} among the others`;
  // A shared screen is enlarged unasked, so it must be possible to ask for the contrary.
  return { icon: 'shrink', label, pressed: true, pins: tiles.some(({ screen }) => screen) ? NO_SCREEN : undefined };
}
