#!/usr/bin/env -S node --max-semi-space-size=16
/** Starts the focus, and ends it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, Problem } from '../config/config.ts';
import { WeirError } from '../signalling/wire/errors.ts';
import { FocusNode } from './assembly/focus-node.ts';
import { openMedia } from './assembly/media.ts';
import { Scope } from './assembly/scope.ts';
import { openSignalling } from './assembly/signalling.ts';
import { stopSignal } from './assembly/stop-signal.ts';
import { runCommandLine } from './cli/program.ts';
import { build } from './http/app.ts';
import { listen } from './http/listen.ts';
import { openLogbook } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { EventLoopMeter } from './observe/process-meter.ts';
import { openFileStore } from './store/file-store.ts';

const PROJECT_DIR = projectDir();
const VERSION = readVersion();
/** After this, a stop that hangs is a kill. */
const STOP_DEADLINE_MS = 10_000;

async function run(config: Config, warnings: readonly Problem[]): Promise<void> {
  const logbook = openLogbook(config.log);
  const { log } = logbook;
  const hide = (secret: string): void => logbook.hide(secret);
  for (const warning of warnings) log.warn({ code: 'WEIR_CONFIG', path: warning.path }, warning.message);
  const stopped = stopSignal();
  const metrics = createMetrics();
  const scope = new Scope(log);
  try {
    const store = await openFileStore(config.stateDir, {
      report: error => log.warn({ code: error.code }, error.message),
    });
    scope.own('store', () => store.close());
    const media = await openMedia(config, log, metrics);
    scope.own('media', () => media.close());
    const meter = new EventLoopMeter();
    scope.own('event loop meter', () => meter.close());
    let url = '';
    const node = new FocusNode(config, { log, hide, metrics, store, media, process: meter, url: () => url });
    const app = await build({
      config: config.http,
      homeserverUrl: config.homeserver.publicUrl,
      version: VERSION,
      defaultPageDir: join(PROJECT_DIR, 'dist', 'page'),
      readiness: () => node.readiness(),
      status: () => node.status(),
      focusIdentity: () => node.identity,
      metrics,
      countError: code => metrics.error(code),
      log,
      signalling: await openSignalling(config, node, metrics),
      cascade: config.cascade.enabled ? { admit: token => node.cascade.admit(token) } : undefined,
    });
    scope.own('http', () => app.close());
    url = await listen(app, config.http);
    log.info({ url, page: config.http.publicUrl ?? url, version: VERSION }, 'listening');
    scope.own('focus', () => node.stop());
    await Promise.race([node.start(), stopped]);
    await stopped;
    log.info({}, 'stopping');
    const deadline = setTimeout(() => process.exit(1), STOP_DEADLINE_MS);
    await scope.close();
    clearTimeout(deadline);
  } catch (thrown) {
    await scope.close();
    throw thrown;
  }
}

/** The folder of package.json, whether this file runs from the sources or from dist/. */
function projectDir(): string {
  const parent = join(import.meta.dirname, '..');
  return parent.endsWith('dist') ? join(parent, '..') : parent;
}

function readVersion(): string {
  const json: unknown = JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8'));
  const version: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'version') : undefined;
  if (typeof version !== 'string') throw new WeirError('WEIR_INTERNAL', 'package.json has no version');
  return version;
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  run,
  stdout: text => void process.stdout.write(text),
  stderr: text => void process.stderr.write(text),
  env: process.env,
  version: VERSION,
});
