/** How each scenario of the table is played. */
import { lightLayers } from '../ladder.ts';
import { record } from '../recorder.ts';
import type { Recording, ScenarioName } from '../result.ts';
import type { Viewer, WantedVideo } from '../viewer.ts';
import type { Publisher } from '../publisher.ts';
import { type LabRun, LARGE, Stage, THUMBNAIL, wantedAudio, wantedVideo } from './stage.ts';
import { planOf } from './table.ts';

/** Between samples where many are watched, ms: asking a page costs it time. */
const CROWD_SAMPLE_MS = 250;
/** Where a first frame is timed, ms. */
const FINE_SAMPLE_MS = 40;

/** Rejects when the call does not come about, or with the reason of the run's signal. */
export async function play(name: ScenarioName, run: LabRun): Promise<Recording> {
  switch (name) {
    case 'steps':
      return playSteps(run);
    case 'floor':
      return playFloor(run);
    case 'starving-viewer': {
      run.watch.step('the control run');
      const control = await playSix(run, false);
      run.watch.step('with the starving viewer');
      return { ...(await playSix(run, true)), control };
    }
    case 'poor-uplink':
      return playPoorUplink(run);
    case 'gallery':
      return playGallery(run);
    case 'nobody-watching':
      return playNobodyWatching(run);
    case 'loss1':
    case 'loss5':
    case 'loss10':
    case 'loss20':
    case 'bursts':
    case 'jitter':
    case 'bloat':
      return playTwo(name, run);
  }
}

/** Two publishers, one viewer that wants both large. */
async function playTwo(scenario: ScenarioName, run: LabRun): Promise<Recording> {
  await using stage = await Stage.open(run, 3);
  const publishers = [await stage.recorded('alice'), await stage.recorded('bob')];
  return await recordDownlink(
    scenario,
    run,
    stage,
    publishers,
    publishers.map(one => wantedVideo(one)),
  );
}

async function playFloor(run: LabRun): Promise<Recording> {
  await using stage = await Stage.open(run, 3);
  const alice = await stage.recorded('alice');
  const bob = await stage.recorded('bob');
  return await recordDownlink('floor', run, stage, [alice, bob], [wantedVideo(alice)]);
}

/** Four videos of three publishers: of so many sizes some sum always comes near a link's rate. */
async function playSteps(run: LabRun): Promise<Recording> {
  await using stage = await Stage.open(run, 4);
  const publishers = [await stage.recorded('alice'), await stage.recorded('bob'), await stage.recorded('carol')];
  const videos = publishers.map(one => wantedVideo(one));
  const [, , carol] = publishers;
  const [camera] = videos;
  if (carol !== undefined && camera !== undefined) {
    videos.push({ ...camera, name: 'carol, second', streamId: await carol.peer.shareScreen() });
  }
  return await recordDownlink('steps', run, stage, publishers, videos);
}

async function recordDownlink(
  scenario: ScenarioName,
  run: LabRun,
  stage: Stage,
  speakers: readonly Publisher[],
  videos: readonly WantedVideo[],
  sampleMs?: number,
): Promise<Recording> {
  const { script, playsMs } = planOf(scenario);
  const relay = await stage.relay('down', script);
  const viewer = await stage.viewer('viewer', relay);
  return record({
    scenario,
    watch: run.watch,
    viewers: [viewer],
    link: { relay, direction: 'down', script, title: 'viewer, down' },
    begin: () => viewer.watch(videos, speakers.map(wantedAudio)),
    judgedMs: run.judgedMs,
    ...(playsMs === undefined ? {} : { endsAtMs: playsMs }),
    ...(sampleMs === undefined ? {} : { sampleMs }),
  });
}

/** Five viewers on good links, and a starving one first or not. */
async function playSix(run: LabRun, starving: boolean): Promise<Recording> {
  await using stage = await Stage.open(run, 8);
  const publishers = [await stage.recorded('alice'), await stage.recorded('bob')];
  const { script } = planOf('starving-viewer');
  const relay = await stage.relay('down', script);
  const first = starving ? await stage.viewer('starving', relay) : await stage.viewer('viewer 2');
  const others: Viewer[] = [];
  for (const number of starving ? [2, 3, 4, 5, 6] : [3, 4, 5, 6]) others.push(await stage.viewer(`viewer ${number}`));
  return await record({
    scenario: 'starving-viewer',
    watch: run.watch,
    viewers: [first, ...others],
    ...(starving ? { link: { relay, direction: 'down', script, title: 'starving, down' } } : {}),
    begin: async () => {
      const videos = publishers.map(one => wantedVideo(one));
      await Promise.all([first, ...others].map(viewer => viewer.watch(videos, publishers.map(wantedAudio))));
    },
    judgedMs: run.judgedMs,
    sampleMs: CROWD_SAMPLE_MS,
  });
}

async function playPoorUplink(run: LabRun): Promise<Recording> {
  await using stage = await Stage.open(run, 3);
  const stalling = await stage.recorded('stalling');
  const { script } = planOf('poor-uplink');
  const relay = await stage.relay('up', script);
  const poor = await stage.browser('poor', relay);
  const viewer = await stage.viewer('viewer');
  return await record({
    scenario: 'poor-uplink',
    watch: run.watch,
    viewers: [viewer],
    link: { relay, direction: 'up', script, title: 'publisher, up' },
    publishers: [poor],
    begin: () => viewer.watch([wantedVideo(poor), wantedVideo(stalling)], [wantedAudio(poor), wantedAudio(stalling)]),
    acts: [
      {
        atMs: 20_000,
        kind: 'stall',
        text: 'the highest layer of "stalling" stops',
        act: () => {
          for (const track of stalling.peer.tracks()) stalling.peer.setLayers(track, [true, true, false]);
        },
      },
    ],
    judgedMs: run.judgedMs,
  });
}

/** Recorded cameras, beside the pinned one; the rest are of the light kind, so that two cores carry them. */
const RECORDED_THUMBNAILS = 30;
const LIGHT_THUMBNAILS = 18;

async function playGallery(run: LabRun): Promise<Recording> {
  await using stage = await Stage.open(run, 1 + RECORDED_THUMBNAILS + LIGHT_THUMBNAILS + 1);
  const pinned = await stage.recorded('pinned');
  const videos: WantedVideo[] = [{ ...wantedVideo(pinned), pinned: true }];
  for (let index = 1; index <= RECORDED_THUMBNAILS; index++) {
    run.watch.live(`${index} of ${RECORDED_THUMBNAILS + LIGHT_THUMBNAILS} thumbnails joined`);
    const thumbnail = await stage.recorded(`thumbnail ${index}`);
    videos.push(wantedVideo(thumbnail, THUMBNAIL));
  }
  for (let index = 1; index <= LIGHT_THUMBNAILS; index++) {
    const name = `light ${index}`;
    const { peer } = await stage.recorded(name, 'light');
    videos.push({ name, streamId: peer.streamId, layers: lightLayers(), ...THUMBNAIL });
  }
  return await recordDownlink('gallery', run, stage, [pinned], videos, CROWD_SAMPLE_MS);
}

async function playNobodyWatching(run: LabRun): Promise<Recording> {
  await using stage = await Stage.open(run, 2);
  const publisher = await stage.browser('publisher');
  const viewer = await stage.viewer('viewer');
  const { name } = publisher;
  const round = (fromMs: number) =>
    [
      { atMs: fromMs, kind: 'unwatch', text: 'nobody watches', act: () => viewer.unwatch(name) },
      {
        atMs: fromMs + 5_000,
        kind: 'watch',
        text: 'wanted small',
        act: () => {
          viewer.resize(name, THUMBNAIL.width, THUMBNAIL.height);
        },
      },
      {
        atMs: fromMs + 10_000,
        kind: 'enlarge',
        text: 'wanted large',
        act: () => {
          viewer.resize(name, LARGE.width, LARGE.height);
        },
      },
    ] as const;
  const rounds = [...round(7_000), ...round(24_000)];
  return await record({
    scenario: 'nobody-watching',
    watch: run.watch,
    viewers: [viewer],
    publishers: [publisher],
    begin: () => viewer.watch([wantedVideo(publisher)], [wantedAudio(publisher)]),
    acts: rounds,
    // Both rounds, and the answer to the last act.
    judgedMs: Math.max(run.judgedMs, 36_000),
    sampleMs: FINE_SAMPLE_MS,
  });
}
