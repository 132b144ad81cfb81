/** How a tile is drawn, for the focus: the size that its place has, while it can be seen. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Shown } from '../kit/index.ts';
import type { Rect } from './grid.ts';

/** Around what is scrolled into view, in CSS px: who scrolls comes to pictures that flow already. */
const MARGIN_PX = 160;

/**
 * Tells the size in device px whenever it changes, or that the tile is hidden: it has no place, is scrolled away, or the whole
 * page is in the back.
 */
export function useShown(
  element: RefObject<HTMLElement | null>,
  rect: Rect | undefined,
  tell: ((shown: Shown) => void) | undefined,
): void {
  /** `undefined` until the browser has looked. */
  const inView = useRef<boolean | undefined>(undefined);
  const tellNow = (): void => {
    if (tell === undefined) return;
    const seen = inView.current ?? startsInView(element.current, rect);
    const ratio = window.devicePixelRatio;
    if (document.hidden || !seen || rect === undefined || rect.width <= 0 || rect.height <= 0) tell('hidden');
    else tell({ width: rect.width * ratio, height: rect.height * ratio });
  };
  const latest = useRef(tellNow);
  latest.current = tellNow;
  useEffect(tellNow, [rect?.width, rect?.height]);
  useEffect(() => {
    const tile = element.current;
    if (tile === null) return;
    const again = (): void => latest.current();
    const views = new IntersectionObserver(
      entries => {
        inView.current = entries.at(-1)?.isIntersecting;
        again();
      },
      { root: tile.closest('.grid'), rootMargin: `${MARGIN_PX}px` },
    );
    views.observe(tile);
    document.addEventListener('visibilitychange', again);
    return () => {
      document.removeEventListener('visibilitychange', again);
      views.disconnect();
    };
  }, []);
}

/** By its place alone: a crowd that comes in below the fold must not be asked for first. */
function startsInView(tile: HTMLElement | null, rect: Rect | undefined): boolean {
  const grid = tile?.closest('.grid');
  if (rect === undefined || grid === null || grid === undefined) return rect !== undefined;
  return rect.y < grid.scrollTop + grid.clientHeight + MARGIN_PX && rect.y + rect.height > grid.scrollTop - MARGIN_PX;
}
