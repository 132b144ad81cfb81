/** Whether viewers on good links see what they see without a starving one beside them. Pure. */
import type { LayerShares, Recording, ViewerRecording } from '../result.ts';
import { freezesIn, judgedInterval } from './figures.ts';
import { layerShares } from './video.ts';

export interface Neighbours {
  /** The most, over viewers, videos and layers, that a layer's share of the time differs from the control run, percent points. */
  layerDifferencePct: number | null;
  /** Freezes of all of them, beyond those of the control run. */
  moreFreezes: number | null;
  /** By viewer and publisher. */
  layers: Record<string, LayerShares>;
}

export function neighboursOf(recording: Recording): Neighbours {
  const { control } = recording;
  const good = neighbours(recording);
  const layers = sharesOf(recording, good);
  if (control === null || good.length === 0) return { layerDifferencePct: null, moreFreezes: null, layers };
  const same = good.map(viewer => control.viewers.find(({ name }) => name === viewer.name));
  if (same.includes(undefined)) return { layerDifferencePct: null, moreFreezes: null, layers };
  const controlViewers = same.filter(viewer => viewer !== undefined);
  const before = sharesOf(control, controlViewers);
  const differences = Object.entries(layers).flatMap(([pair, shares]) =>
    Object.entries(shares).map(([rid, share]) => Math.abs(share - (before[pair]?.[rid] ?? 0))),
  );
  return {
    layerDifferencePct: differences.length === 0 ? null : Math.round(Math.max(...differences)),
    moreFreezes: freezesOfAll(recording, good) - freezesOfAll(control, controlViewers),
    layers,
  };
}

/** All but the starving one, which stands first. */
function neighbours({ viewers }: Recording): ViewerRecording[] {
  return viewers.slice(1);
}

function sharesOf(recording: Recording, viewers: readonly ViewerRecording[]): Record<string, LayerShares> {
  const judged = judgedInterval(recording);
  return Object.fromEntries(
    viewers.flatMap(viewer =>
      viewer.videos.map(video => [`${viewer.name} ← ${video.name}`, layerShares(video, judged)] as const),
    ),
  );
}

function freezesOfAll(recording: Recording, viewers: readonly ViewerRecording[]): number {
  const judged = judgedInterval(recording);
  return viewers.reduce((sum, viewer) => sum + freezesIn(viewer, judged), 0);
}
