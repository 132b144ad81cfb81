import { randomBytes } from 'node:crypto';

export interface SynapseConfigOptions {
  serverName: string;
  bindAddress: string;
  port: number;
  /** Folder of the database, keys and log. */
  stateDir: string;
  sharedSecret: string;
  /** Keeps the limits of a homeserver on the internet; lifted otherwise. */
  keepRateLimits: boolean;
  /** With whom it federates; with nobody otherwise. */
  federation?: FederationOptions;
  /** Put over all the rest. */
  more?: Record<string, unknown>;
}

/** A Synapse that federates with a few others that we started. Its server name is `address:port` of these. */
export interface FederationOptions {
  /** Where the others reach it. */
  port: number;
  certificateFile: string;
  keyFile: string;
  /** The authority that vouches for the others. */
  caFile: string;
  /** Names of all servers of the federation. */
  servers: readonly string[];
}

const LIFTED = { per_second: 10_000, burst_count: 10_000 };

/** homeserver.yaml of a throw-away Synapse on SQLite that federates with nobody, or with those that it is told. JSON is YAML. */
export function synapseConfig(options: SynapseConfigOptions): string {
  const at = (file: string): string => `${options.stateDir}/${file}`;
  return JSON.stringify(
    {
      server_name: options.serverName,
      public_baseurl: `http://${urlHost(options.bindAddress)}:${options.port}/`,
      listeners: [
        {
          port: options.port,
          type: 'http',
          tls: false,
          bind_addresses: [options.bindAddress],
          resources: [{ names: ['client', 'openid'], compress: false }],
        },
        ...(options.federation ? [federationListener(options.federation, options.bindAddress)] : []),
      ],
      database: { name: 'sqlite3', args: { database: at('homeserver.db') } },
      log_config: at('log.yaml'),
      media_store_path: at('media'),
      signing_key_path: at('signing.key'),
      registration_shared_secret: options.sharedSecret,
      macaroon_secret_key: randomBytes(24).toString('hex'),
      form_secret: randomBytes(24).toString('hex'),
      enable_registration: false,
      report_stats: false,
      trusted_key_servers: [],
      federation_domain_whitelist: options.federation?.servers ?? [],
      ...(options.federation && federationSection(options.federation)),
      presence: { enabled: false },
      user_directory: { enabled: false },
      push: { enabled: false },
      // A new database builds a dozen indexes within its first minute, each of which holds up every writer of SQLite; none
      // of them matters at this size.
      background_updates: { sleep_enabled: true, sleep_duration_ms: 3_600_000 },
      // The users' passwords are random and live as long as the folder: no reason to spend a second on each.
      bcrypt_rounds: 4,
      ...(options.keepRateLimits ? {} : liftedRateLimits()),
      ...options.more,
    },
    undefined,
    2,
  );
}

function federationListener({ port }: FederationOptions, bindAddress: string): Record<string, unknown> {
  return {
    port,
    type: 'http',
    tls: true,
    bind_addresses: [bindAddress],
    resources: [{ names: ['federation'], compress: false }],
  };
}

function federationSection({ certificateFile, keyFile, caFile }: FederationOptions): Record<string, unknown> {
  return {
    tls_certificate_path: certificateFile,
    tls_private_key_path: keyFile,
    federation_custom_ca_list: [caFile],
    // All of the federation is on private addresses, which Synapse would not ask.
    ip_range_blacklist: [],
    federation: {
      client_timeout: '10s',
      // 10 minutes and a week otherwise: a call does not wait so long for its foci to hear of each other again.
      destination_min_retry_interval: '1s',
      destination_max_retry_interval: '2s',
    },
  };
}

function liftedRateLimits(): Record<string, unknown> {
  return {
    rc_message: LIFTED,
    rc_registration: LIFTED,
    rc_login: { address: LIFTED, account: LIFTED, failed_attempts: LIFTED },
    rc_joins: { local: LIFTED, remote: LIFTED },
    rc_joins_per_room: LIFTED,
    rc_invites: { per_room: LIFTED, per_user: LIFTED, per_issuer: LIFTED },
    rc_room_creation: LIFTED,
    rc_federation: { window_size: 1_000, sleep_limit: 10_000, sleep_delay: 1, reject_limit: 10_000, concurrent: 100 },
  };
}

/** Warnings and errors on stderr, which goes to the log file of the process. */
export function synapseLogConfig(): string {
  return JSON.stringify({
    version: 1,
    disable_existing_loggers: false,
    formatters: { line: { format: '%(asctime)s %(levelname)s %(name)s %(message)s' } },
    handlers: { stderr: { class: 'logging.StreamHandler', formatter: 'line' } },
    root: { level: 'WARNING', handlers: ['stderr'] },
  });
}

/** A fresh signing key, in the format of signedjson. */
export function synapseSigningKey(): string {
  const seed = randomBytes(32).toString('base64').replace(/=+$/, '');
  return `ed25519 a_${randomBytes(2).toString('hex')} ${seed}\n`;
}

/** An address as it stands in a URL. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
