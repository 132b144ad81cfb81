/** Statistics, drawn on the tiles: they change nothing of what is measured. */
import type { JSX } from 'preact';
import type { Figures, LayerFigures, RemoteStream } from '../kit/index.ts';
import type { CallModel, Tile } from './call-model.ts';
import {
  bitrateWords,
  drawLine,
  grantWords,
  isBadLoss,
  lossWords,
  rateWords,
  roundTripWords,
  sizeWords,
} from './figures-words.ts';

type Measured = Pick<CallModel, 'statistics'>;

/** Of somebody else's stream. */
export function FiguresOverlay({ model, tile }: { model: Measured; tile: Tile }): JSX.Element {
  const { received, roundTripMs } = model.statistics.shown.value;
  const figures = received.get(tile.key);
  return (
    <FiguresBox label={`Statistics of ${tile.name}`} figures={figures} roundTripMs={roundTripMs} arrow="↓">
      <ReceivedLayer layer={figures?.layers[0]} granted={tile.stream.granted} />
    </FiguresBox>
  );
}

/** Of all that we send. `screenTrackId`: of the screen that we share. */
export function OwnFiguresOverlay({
  model,
  screenTrackId,
}: {
  model: Measured;
  screenTrackId: string | undefined;
}): JSX.Element {
  const { sent, roundTripMs } = model.statistics.shown.value;
  return (
    <FiguresBox label="Statistics of what you send" figures={sent} roundTripMs={roundTripMs} arrow="↑">
      {(sent?.layers ?? []).map((layer, index) => (
        <SentLayer
          key={layer.rid ?? index}
          layer={layer}
          isScreen={screenTrackId !== undefined && layer.capturedTrackId === screenTrackId}
        />
      ))}
    </FiguresBox>
  );
}

/** px of the drawing; it is stretched to the box. */
const LINE = { width: 120, height: 28 };

function FiguresBox({
  label,
  figures,
  roundTripMs,
  arrow,
  children,
}: {
  label: string;
  figures: Figures | undefined;
  roundTripMs: number | undefined;
  arrow: string;
  children: JSX.Element | JSX.Element[];
}): JSX.Element {
  const { path, area } = drawLine(figures?.line ?? [], LINE.width, LINE.height);
  const loss = figures?.lossPercent;
  return (
    <div class="figures" role="group" aria-label={label}>
      <div class="figures-box">
        <svg
          class="figures-line"
          viewBox={`0 0 ${LINE.width} ${LINE.height}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          focusable="false"
        >
          <path class="figures-area" d={area} />
          <path class="figures-path" d={path} />
        </svg>
        <p class="figures-rate">
          <span aria-hidden="true">{arrow} </span>
          {bitrateWords(figures?.bitrate)}
        </p>
        {children}
        <p class="figures-way">
          <span class={isBadLoss(loss) ? 'figures-bad' : undefined}>{lossWords(loss)}</span>
          <span class="figures-trip"> · {roundTripWords(roundTripMs)}</span>
        </p>
      </div>
    </div>
  );
}

function ReceivedLayer({
  layer,
  granted,
}: {
  layer: LayerFigures | undefined;
  granted: RemoteStream['granted'];
}): JSX.Element {
  const size = layer === undefined ? undefined : sizeWords(layer);
  const rate = layer === undefined ? undefined : rateWords(layer);
  const words = [size, rate, grantWords(granted)].filter(word => word !== undefined);
  return <p class="figures-layer">{words.length === 0 ? 'no picture' : words.join(' · ')}</p>;
}

function SentLayer({ layer, isScreen }: { layer: LayerFigures; isScreen: boolean }): JSX.Element {
  const size = sizeWords(layer);
  const isSent = layer.active && size !== undefined && layer.framesPerSecond !== undefined;
  const words = isSent
    ? [size, rateWords(layer), layer.limitedBy === undefined ? undefined : `limited: ${layer.limitedBy}`]
    : ['paused'];
  return (
    <p class={isSent ? 'figures-layer' : 'figures-layer figures-off'}>
      <span class="figures-rid">{isScreen ? `screen ${layer.rid ?? ''}` : (layer.rid ?? '')}</span>{' '}
      {words.filter(word => word !== undefined).join(' · ')}
      {isSent ? <span class="figures-more"> · {bitrateWords(layer.bitrate)}</span> : null}
    </p>
  );
}
