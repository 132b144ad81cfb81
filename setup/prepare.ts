import { Listr, ListrLogger, type ListrTask, type ListrDefaultRenderer, PRESET_TIMER, ProcessOutput } from 'listr2';
import { LineRenderer } from './line-renderer.ts';
import { builtLoadPeer, cachedLoadPeer, LOAD_PEER_PACKAGES } from './load-peer.ts';
import { buildPage, PAGE_DIR, pageIsBuilt } from './page.ts';
import { installedSynapse, installSynapse, SYNAPSE_PACKAGES } from './synapse.ts';
import { installPackages, missingPackages } from './system-packages.ts';
import { BUILD_PACKAGES } from './worker/build.ts';
import { builtWorker, cachedWorker, namedWorker } from './worker/obtain.ts';

export interface Needs {
  /** Debian packages that the caller uses, beside those of the worker and of Synapse. */
  systemPackages: readonly string[];
  /** Whether it runs native load peers. */
  loadPeers?: boolean;
  signal: AbortSignal;
}

/** What a local deployment runs on. */
export interface Prepared {
  /** Executable of the mediasoup worker. */
  worker: string;
  /** Python that has Synapse. */
  synapsePython: string;
  /** Folder of the built call page. */
  pageDir: string;
  /** Executable of the engine of native load peers; undefined where the caller needs none. */
  loadPeer: string | undefined;
}

/**
 * Gets what is missing, and shows each step with its progress and its time. Nothing is shown, and little time passes, when all is
 * there. Rejects with a Failure that says what to do.
 */
export async function prepare(needs: Needs): Promise<Prepared> {
  const { systemPackages, loadPeers = false } = needs;
  // A step that fails ends those beside it.
  const failed = new AbortController();
  const signal = AbortSignal.any([needs.signal, failed.signal]);
  const runSteps = async (steps: Step[], { concurrent = false } = {}): Promise<void> => {
    try {
      await showSteps(steps, concurrent);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };

  let worker = (await namedWorker()) ?? (await cachedWorker());
  let synapsePython = await installedSynapse();
  let loadPeer = loadPeers ? await cachedLoadPeer() : undefined;
  const buildsLoadPeer = loadPeers && loadPeer === undefined;

  const missing = await missingPackages([
    ...systemPackages,
    ...(worker === undefined ? BUILD_PACKAGES : []),
    ...(synapsePython === undefined ? SYNAPSE_PACKAGES : []),
    ...(buildsLoadPeer ? LOAD_PEER_PACKAGES : []),
  ]);
  if (missing.length > 0) {
    await runSteps([
      {
        title: `System packages: ${missing.join(', ')}`,
        task: (_context, task) => installPackages(missing, signal, reportTo(task)),
      },
    ]);
  }

  const steps: Step[] = [];
  if (worker === undefined) {
    steps.push({
      title: 'Build the mediasoup worker (once: 3 to 6 minutes on 2 cores)',
      task: async (_context, task) => {
        worker = await builtWorker(signal, reportTo(task));
      },
    });
  }
  if (synapsePython === undefined) {
    steps.push({
      title: 'Synapse',
      task: async (_context, task) => {
        synapsePython = await installSynapse(signal, reportTo(task));
      },
    });
  }
  if (buildsLoadPeer) {
    steps.push({
      title: 'Build the engine of load peers (once: half a minute on 2 cores)',
      task: async (_context, task) => {
        loadPeer = await builtLoadPeer(signal, reportTo(task));
      },
    });
  }
  if (!(await pageIsBuilt())) steps.push({ title: 'Call page', task: () => buildPage(signal) });
  // They wait for different things: compilers, the network.
  await runSteps(steps, { concurrent: true });

  if (worker === undefined || synapsePython === undefined) throw new Error('The set-up ended without its results.');
  return { worker, synapsePython, pageDir: PAGE_DIR, loadPeer };
}

type Step = ListrTask<unknown, ListrDefaultRenderer, typeof LineRenderer>;

function reportTo(task: { output: string }): (progress: string) => void {
  return progress => {
    task.output = progress;
  };
}

async function showSteps(steps: Step[], concurrent: boolean): Promise<void> {
  if (steps.length === 0) return;
  await new Listr<unknown, 'default', typeof LineRenderer>(steps, {
    concurrent,
    // Interrupts are ours to handle.
    registerSignalListeners: false,
    forceTTY: process.stderr.isTTY,
    fallbackRenderer: LineRenderer,
    fallbackRendererCondition: !process.stderr.isTTY,
    rendererOptions: {
      // stdout belongs to the command's result.
      logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(process.stderr, process.stderr) }),
      showErrorMessage: false,
      timer: { ...PRESET_TIMER, field: milliseconds => `${(milliseconds / 1000).toFixed(1)} s` },
    },
  }).run();
}
