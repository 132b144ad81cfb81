import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { AppModel } from './app-model.ts';
import type { CallModel } from './call-model.ts';
import { type Box, type Placement, placeTiles, type Rect, stripPlaces } from './grid.ts';
import { Icon } from './icons.tsx';
import { playAllSounds } from './media-element.tsx';
import { chooseStage, stageButton } from './stage-choice.ts';
import { changePlaces, stripOrder } from './strip-order.ts';
import { OwnTile, TileView } from './tile-view.tsx';

const GAP_PX = 8;

export function GridView({ app, model }: { app: AppModel; model: CallModel }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const box = useSignal<Box>({ width: 0, height: 0 });
  const soundBlocked = useSignal(false);
  useEffect(() => {
    const grid = element.current;
    if (grid === null) return;
    const measure = (): void => {
      box.value = { width: grid.clientWidth, height: grid.clientHeight };
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(grid);
    measure();
    return () => sizes.disconnect();
  }, []);

  const tiles = model.tiles.value;
  const keys = tiles.map(({ key }) => key);
  const arrangement = model.arrangement.value;
  const latest = model.latest.value;
  const stage = chooseStage(tiles, { arrangement, pinned: model.pinned.value, latest });
  const onStage = stage?.index;
  // The order stays over the moments without a stage, so that a tile comes back to its place.
  const order = useRef<string[]>([]);
  const lastOnStage = useRef<string | undefined>(undefined);
  const keyOnStage = keys[onStage ?? -1];
  if (keyOnStage !== undefined) {
    const inStrip = keys.filter(key => key !== keyOnStage);
    const before = changePlaces(order.current, keyOnStage, lastOnStage.current);
    order.current = stripOrder(before, inStrip, latest, stripPlaces(keys.length, box.value, GAP_PX));
    lastOnStage.current = keyOnStage;
  }
  const strip = order.current.map(key => keys.indexOf(key));
  const place = (others: number): Placement => placeTiles(others, onStage, box.value, GAP_PX, strip);
  const { rects, height, left } = place(tiles.length);
  useEffect(() => {
    app.guessSize = () => {
      if (box.value.width === 0) return { width: 640, height: 360 };
      const rect = document.hidden ? undefined : place(tiles.length + 1).rects[tiles.length];
      if (rect === undefined || rect.y >= box.value.height) return 'hidden';
      return { width: rect.width * window.devicePixelRatio, height: rect.height * window.devicePixelRatio };
    };
  });
  return (
    <div ref={element} class="grid" role="region" aria-label="People in the call" tabIndex={-1}>
      <div class="grid-inner" style={{ height: `${height}px` }}>
        {tiles.map((tile, index) => (
          <TileView
            key={tile.key}
            model={model}
            tile={tile}
            rect={rects[index]}
            staged={index === onStage ? stage?.by : undefined}
            button={stageButton(tiles, index, stage, arrangement)}
            onBlocked={() => {
              soundBlocked.value = true;
            }}
          />
        ))}
        <OwnTile
          app={app}
          model={model}
          rect={rects[tiles.length]}
          overlaid={tiles.length === 1 && onStage === undefined}
        />
        {left > 0 ? (
          <span class="grid-more" style={moreStyle(rects[onStage ?? -1], box.value)}>{`and ${left} more`}</span>
        ) : null}
      </div>
      {soundBlocked.value ? (
        <button
          class="button button-main sound-button"
          type="button"
          onClick={() => {
            playAllSounds();
            soundBlocked.value = false;
          }}
        >
          Turn the sound on
        </button>
      ) : null}
      {tiles.length === 0 && model.state.value.kind === 'connected' ? <Alone app={app} /> : null}
    </div>
  );
}

/** In the corner of the stage that nothing else needs. */
function moreStyle(stage: Rect | undefined, { width, height }: Box): { right: string; bottom: string } {
  return {
    right: `${width - (stage?.width ?? width) + GAP_PX}px`,
    bottom: `${height - (stage?.height ?? height) + GAP_PX}px`,
  };
}

function Alone({ app }: { app: AppModel }): JSX.Element {
  return (
    <div class="alone">
      <p>Nobody else is here yet.</p>
      <CopyLink app={app} main />
    </div>
  );
}

/** Nothing where another app shows the call: its people are asked in by that app. */
export function CopyLink({ app, main = false }: { app: AppModel; main?: boolean }): JSX.Element | null {
  const copied = useSignal(false);
  const copy = (): void => {
    const link = app.inviteLink();
    copyText(link).then(
      () => {
        copied.value = true;
        app.messages.announce('The link is copied.');
        setTimeout(() => {
          copied.value = false;
        }, 2_500);
      },
      () => window.prompt('Copy this link:', link),
    );
  };
  if (app.isEmbedded) return null;
  return (
    <button class={main ? 'button button-main' : 'button button-quiet'} type="button" onClick={copy}>
      <Icon name={copied.value ? 'check' : 'link'} size={18} />
      <span>{copied.value ? 'Link copied' : 'Copy link'}</span>
    </button>
  );
}

/** Rejects where the page has no clipboard: insecure pages have none. */
async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
