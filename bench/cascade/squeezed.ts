/** A trunk that gets narrow while two voices and two pictures cross it that are wanted in full size. */
import { concealedPct } from '../../loadtest/lab/judge/audio.ts';
import { mean, pointsIn } from '../../loadtest/lab/judge/series.ts';
import { recordedLayers, voiceBps } from '../../loadtest/lab/ladder.ts';
import { SAMPLE_MS, type ViewerRecording } from '../../loadtest/lab/result.ts';
import { Viewer } from '../../loadtest/lab/viewer.ts';
import { LoadBrowser } from '../../loadtest/peers/load-browser.ts';
import { joinMember, type Member } from './lab/members.ts';
import { LabPlace, type LabRun } from './lab/place.ts';
import { layerOf, type Squeezed } from './squeezed-figures.ts';

const NARROW = { bps: 300_000, queueMs: 250 };
/** How long the pictures may take to come in full size; then it gets narrow in any case. */
const GROWS_WITHIN_MS = 30_000;
/** Before it gets narrow. */
const CALM_MS = 5_000;
const NARROW_FOR_MS = 45_000;
/** In which the foci find out. */
const SETTLES_MS = 15_000;
/** The pictures of so long tell in which layer each comes. */
const LAYERS_OF_MS = 10_000;

/** Two on one site send, one on the other sees and hears them in a browser: what it plays tells what is concealed. */
export async function playSqueezed(run: LabRun): Promise<Squeezed> {
  await using place = await LabPlace.start(run, { users: [['alice', 'anna'], ['bob']], media: 'recorded' });
  await using owned = new AsyncDisposableStack();
  const publishers: Member[] = [];
  const [near, far] = place.federation.sites;
  for (const user of near.users) {
    const member = await joinMember(place, user, { subscribe: 'nothing', obeysLayersWanted: true });
    owned.defer(() => member.peer.vanish());
    publishers.push(member);
  }
  const [bob] = far.users;
  if (bob === undefined) throw new RangeError('a user is needed');
  const browser = owned.use(await LoadBrowser.start());
  const viewer = owned.use(await Viewer.join('bob', place.placeOf(bob), browser));
  const zero = Date.now();
  viewer.begin(zero);
  const ladder = recordedLayers();
  const [largest] = ladder.toReversed();
  if (largest === undefined) throw new RangeError('there are no layers');
  await viewer.watch(
    publishers.map(({ name, peer }) => ({
      name,
      streamId: peer.streamId,
      layers: ladder,
      width: largest.widthPx,
      height: largest.heightPx,
    })),
    publishers.map(({ name, peer }) => ({ name, streamId: peer.streamId, bitrateBps: voiceBps() })),
  );

  await sampleFor(run, place, viewer, GROWS_WITHIN_MS, () => isInFullSize(viewer.recording, largest.widthPx));
  const calmFromMs = Date.now() - zero;
  await sampleFor(run, place, viewer, CALM_MS);
  const calm = pointsIn(viewer.recording.points, { fromMs: calmFromMs, toMs: Date.now() - zero });
  const before = mean(calm.map(({ receivedBps }) => receivedBps)) ?? 0;
  if (before <= NARROW.bps) run.fail(`only ${Math.round(before)} bit/s crossed before: there was nothing to squeeze`);

  run.tell(`${Math.round(before / 1_000)} kbit/s cross; the trunk gets narrow: ${NARROW.bps / 1_000} kbit/s`);
  await place.trunk.narrow(NARROW.bps, NARROW.queueMs);
  const narrowAtMs = Date.now() - zero;
  await sampleFor(run, place, viewer, NARROW_FOR_MS);
  const endsAtMs = Date.now() - zero;
  const recording = viewer.finish(endsAtMs);
  for (const complaint of viewer.complaints) run.fail(`${complaint}`);

  const layers = recording.videos.map(({ name, points }): [string, string | null] => {
    const shown = pointsIn(points, { fromMs: endsAtMs - LAYERS_OF_MS, toMs: endsAtMs }).filter(
      point => point.frames > 0,
    );
    return [
      name,
      layerOf(
        shown.map(({ widthPx }) => widthPx),
        ladder,
      ),
    ];
  });
  return {
    concealedPct: hundredths(concealedPct(recording.audios, { fromMs: narrowAtMs, toMs: endsAtMs })),
    settledConcealedPct: hundredths(
      concealedPct(recording.audios, { fromMs: narrowAtMs + SETTLES_MS, toMs: endsAtMs }),
    ),
    layers: Object.fromEntries(layers),
    ladder: ladder.map(({ rid }) => rid),
  };
}

/** Samples until it is enough, or the time is over. */
async function sampleFor(
  run: LabRun,
  place: LabPlace,
  viewer: Viewer,
  ms: number,
  isEnough: () => boolean = () => false,
): Promise<void> {
  const begun = performance.now();
  let toldAt = begun;
  while (performance.now() - begun < ms && !isEnough()) {
    await viewer.sample();
    if (performance.now() - toldAt > 5_000) {
      toldAt = performance.now();
      const received = viewer.recording.points.at(-1)?.receivedBps ?? 0;
      run.tell(`${Math.round(received / 1_000)} kbit/s, widths ${JSON.stringify(widthsOf(viewer.recording))}`);
    }
    await place.pause(SAMPLE_MS);
  }
}

function isInFullSize({ videos }: ViewerRecording, widthPx: number): boolean {
  return videos.every(({ points }) => points.at(-1)?.widthPx === widthPx);
}

function widthsOf({ videos }: ViewerRecording): Record<string, number> {
  return Object.fromEntries(videos.map(({ name, points }) => [name, points.at(-1)?.widthPx ?? 0]));
}

function hundredths(percent: number | null): number | null {
  return percent === null ? null : Math.round(percent * 100) / 100;
}
