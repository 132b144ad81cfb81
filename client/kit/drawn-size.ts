/** How large an element is drawn, and whether anybody can see it. */
import type { Shown } from './subscriptions.ts';

/** Around what is scrolled into view, in CSS px: who scrolls comes to pictures that flow already. */
const MARGIN = '160px';

/** Tells the size of an element in device px now, whenever it changes, and `hidden` while nobody can see it. Returns how to stop. */
export function watchDrawnSize(element: HTMLElement, tell: (shown: Shown) => void): () => void {
  let isInView = true;
  const tellNow = (): void => {
    const { clientWidth, clientHeight } = element;
    const ratio = window.devicePixelRatio;
    if (document.hidden || !isInView || clientWidth === 0 || clientHeight === 0) tell('hidden');
    else tell({ width: clientWidth * ratio, height: clientHeight * ratio });
  };
  const sizes = new ResizeObserver(tellNow);
  sizes.observe(element);
  const views = new IntersectionObserver(
    entries => {
      isInView = entries.at(-1)?.isIntersecting ?? isInView;
      tellNow();
    },
    { rootMargin: MARGIN },
  );
  views.observe(element);
  document.addEventListener('visibilitychange', tellNow);
  tellNow();
  return () => {
    sizes.disconnect();
    views.disconnect();
    document.removeEventListener('visibilitychange', tellNow);
  };
}
