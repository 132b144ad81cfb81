/** weir.yaml and the environment become a checked configuration. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { checkFile } from './check.ts';
import type { Config, Credentials, Problem } from './config.ts';
import { crossCheck } from './cross-checks.ts';
import { checkFiles, type Environment, readCredentials, systemCode } from './files.ts';
import { serverNameOf } from './rules.ts';
import { DEFAULT_MEDIA_PORT } from './media-keys.ts';
import { type ConfigFile, DEFAULT_STATE_DIR } from './schema.ts';

export type LoadedConfig =
  | { kind: 'ok'; config: Config; warnings: Problem[] }
  /** `problems` is never empty, and holds everything that is wrong. */
  | { kind: 'bad'; problems: Problem[]; warnings: Problem[] };

const MAX_FILE_BYTES = 1_048_576;

/**
 * Reads the configuration. Relative paths in it count from the directory of the file. Never throws.
 * @param cores how many workers `workers: auto` stands for at most
 */
export function loadConfig(path: string, env: Environment, cores: number = availableParallelism()): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    return broken(
      `the configuration cannot be read (${systemCode(thrown)}); \`weir sample-config\` prints one to start from`,
    );
  }
  return readConfig(text, dirname(resolve(path)), env, cores);
}

/** The same from the text of a file. @param directory absolute; relative paths count from it */
export function readConfig(text: string, directory: string, env: Environment, cores: number): LoadedConfig {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) return broken(`the file is larger than ${MAX_FILE_BYTES} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    // The parser's own words quote the file, where a secret could stand by mistake: only its code is shown.
    const problems = document.errors.map(error => ({
      path: '',
      line: lines.linePos(error.pos[0]).line,
      message: `is not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
    }));
    return { kind: 'bad', problems, warnings: [] };
  }
  let input: unknown;
  try {
    // Aliases can blow a small file up; no configuration needs many.
    input = document.toJS({ maxAliasCount: 20 });
  } catch {
    return broken('the file has aliases that cannot be followed');
  }
  const located = (problem: Problem): Problem => withLine(problem, document, lines);
  const checked = checkFile(input ?? {});
  if (checked.kind === 'bad') return { kind: 'bad', problems: checked.problems.map(located), warnings: [] };
  const { file } = checked;
  const findings = crossCheck(file);
  checkFiles(file, directory, findings.problems);
  const credentials = readCredentials(file, directory, env, findings);
  const warnings = findings.warnings.map(located);
  if (credentials === undefined || findings.problems.length > 0) {
    return { kind: 'bad', problems: findings.problems.map(located), warnings };
  }
  return { kind: 'ok', config: complete(file, credentials, directory, env, cores), warnings };
}

function broken(message: string): LoadedConfig {
  return { kind: 'bad', problems: [{ path: '', message }], warnings: [] };
}

/** The configuration from a file that is right: computed defaults, absolute paths, ms. */
function complete(
  {
    homeserver,
    rooms,
    http,
    media,
    signalling,
    cascade,
    limits,
    overload,
    encryption,
    state_dir: stateDir,
    log,
  }: ConfigFile,
  credentials: Credentials,
  directory: string,
  env: Environment,
  cores: number,
): Config {
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(directory, path);
  const serverName = serverNameOf(homeserver.user_id);
  const allowed = rooms.allowed_servers ?? [serverName];
  const workers = workersOf(media, cores);
  const ports = portsOf(media, workers);
  return {
    homeserver: {
      url: withoutSlash(homeserver.url),
      publicUrl: withoutSlash(homeserver.public_url ?? homeserver.url),
      userId: homeserver.user_id,
      serverName,
      deviceId: homeserver.device_id,
      credentials,
    },
    rooms: {
      allowedServers: allowed.includes('*') ? { kind: 'all' } : { kind: 'only', servers: [...new Set(allowed)] },
    },
    http: {
      host: http.listen.host,
      port: http.listen.port,
      publicUrl: http.public_url === undefined ? undefined : withoutSlash(http.public_url),
      tls:
        http.tls === undefined
          ? undefined
          : { certFile: resolve(directory, http.tls.cert_file), keyFile: resolve(directory, http.tls.key_file) },
      trustedProxies: http.trusted_proxies,
      embedOrigins: http.embed_origins,
      requestsPerMinute: http.requests_per_minute,
      metrics: http.metrics,
      page: { enabled: http.page.enabled, dir: absolute(http.page.dir) },
    },
    media: {
      listen: media.listen.map(({ ip, announced_address: announcedAddress }) => ({ ip, announcedAddress })),
      ports,
      trunkPorts: media.trunk_port_range,
      tcp: media.tcp,
      workers,
      spread: { load: media.spread_at_load / 100, consumers: media.spread_at_consumers },
      workerBin: absolute(media.worker_bin),
      codecs: media.codecs,
      codecOrder: media.codec_order,
      initialBitrate: media.initial_bitrate,
      congestionControl: media.congestion_control === 'on',
      iceConsentTimeoutMs: media.ice_consent_timeout_s * 1000,
      resumeWindowMs: media.resume_window_s * 1000,
      joinTimeoutMs: media.join_timeout_s * 1000,
    },
    signalling: {
      enabled: signalling.enabled,
      tokenLifetimeMs: signalling.token_lifetime_s * 1000,
      tokensPerMinute: signalling.tokens_per_minute,
      homeservers: signalling.homeservers.map(({ server_name: name, url }) => ({
        serverName: name,
        url: withoutSlash(url),
      })),
      allowedNetworks: signalling.allowed_networks,
    },
    cascade: {
      enabled: cascade.enabled,
      trunkUrl: cascade.trunk_url,
      allowedServers: cascade.allowed_servers,
      deniedServers: cascade.denied_servers,
      allowedNetworks: cascade.allowed_networks,
      conferencesPerServer: cascade.conferences_per_server,
      handshakesPerMinute: cascade.handshakes_per_minute,
      tracksPerTrunk: cascade.tracks_per_trunk,
      bitratePerTrunk: cascade.bitrate_per_trunk,
    },
    limits: {
      conferences: limits.conferences,
      participantsPerConference: limits.participants_per_conference,
      invitesPerMinute: limits.invites_per_minute,
      data: {
        messageBytes: limits.data_message_bytes,
        messagesPerSecond: limits.data_messages_per_second,
        bytesPerSecond: limits.data_bytes_per_second,
      },
    },
    overload: {
      enabled: overload.enabled,
      refuseAt: overload.refuse_at_percent / 100,
      shedAt: overload.shed_at_percent / 100,
      lagMs: overload.event_loop_lag_ms,
    },
    encryption: { requireInEncryptedRooms: encryption.require_in_encrypted_rooms },
    // systemd gives a list with colons when a unit has several directories; ours is the first.
    stateDir: resolve(directory, stateDir ?? (env['STATE_DIRECTORY']?.split(':')[0] || DEFAULT_STATE_DIR)),
    log,
  };
}

function workersOf({ workers, port, port_range: range }: ConfigFile['media'], cores: number): number {
  if (typeof workers === 'number') return workers;
  if (range !== undefined) return Math.max(1, Math.min(cores, range.max - range.min + 1));
  return port !== undefined && workers === undefined ? 1 : cores;
}

function portsOf({ port, port_range: range }: ConfigFile['media'], workers: number): { min: number; max: number } {
  if (range !== undefined) return { min: range.min, max: range.max };
  const min = port ?? DEFAULT_MEDIA_PORT;
  return { min, max: min === 0 ? 0 : min + workers - 1 };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** The problem with the line of its key, or of the nearest key above it that the file has. */
function withLine(problem: Problem, document: Document, lines: LineCounter): Problem {
  const steps = [...problem.path.matchAll(/\[(\d+)\]|"(?:[^"\\]|\\.)*"|[\w-]+/g)].map(([step, index]) =>
    index === undefined ? step : Number(index),
  );
  for (let depth = steps.length; depth > 0; depth--) {
    const node = document.getIn(steps.slice(0, depth), true);
    if (isNode(node) && node.range) return { ...problem, line: lines.linePos(node.range[0]).line };
  }
  return problem;
}
