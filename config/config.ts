/** The configuration as the rooms of the focus see it: checked, with every default, times in ms. */
import type { Secret } from './secret.ts';

/** How the focus proves to the homeserver who it is. */
export type Credentials = { kind: 'token'; accessToken: Secret } | { kind: 'password'; password: Secret };

export interface HomeserverConfig {
  /** Client API as the focus reaches it; no slash at its end. */
  url: string;
  /** Client API as browsers reach it; no slash at its end. */
  publicUrl: string;
  userId: string;
  /** Server part of the user id. */
  serverName: string;
  deviceId: string | undefined;
  credentials: Credentials;
}

/** Servers whose users may invite the focus. */
export type AllowedServers = { kind: 'all' } | { kind: 'only'; servers: string[] };

export interface HttpConfig {
  host: string;
  /** 0: any free port. */
  port: number;
  publicUrl: string | undefined;
  tls: { certFile: string; keyFile: string } | undefined;
  /** Addresses or networks (CIDR). */
  trustedProxies: string[];
  /** Whose pages may show the call page within theirs. */
  embedOrigins: readonly string[];
  requestsPerMinute: number;
  metrics: { enabled: boolean; allow: string[] };
  page: { enabled: boolean; dir: string | undefined };
}

export interface MediaConfig {
  /** At least one. */
  listen: { ip: string; announcedAddress: string | undefined }[];
  /** Inclusive, one for each worker at least; both ends are 0 for any free ones. */
  ports: { min: number; max: number };
  /** Inclusive, one for each trunk to another focus; undefined: any free ones. */
  trunkPorts: { min: number; max: number } | undefined;
  tcp: boolean;
  /** Never more than there are ports. */
  workers: number;
  /** When a conference takes another worker: share of a core (0 to 1), and tracks that are sent. */
  spread: { load: number; consumers: number };
  workerBin: string | undefined;
  /** What is preferred first. */
  codecs: readonly ('opus' | 'VP8' | 'VP9' | 'H264' | 'AV1')[];
  codecOrder: 'publisher' | 'focus';
  /** bit/s */
  initialBitrate: number;
  congestionControl: boolean;
  iceConsentTimeoutMs: number;
  resumeWindowMs: number;
  joinTimeoutMs: number;
}

export interface SignallingConfig {
  enabled: boolean;
  tokenLifetimeMs: number;
  /** Of one address. */
  tokensPerMinute: number;
  /** Asked at these URLs (no slash at their end); the own homeserver is none of them unless the file names it. */
  homeservers: { serverName: string; url: string }[];
  /** Addresses or networks (CIDR). */
  allowedNetworks: string[];
}

/** Trunks to the foci of other servers. */
export interface CascadeConfig {
  enabled: boolean;
  /** Undefined: made from where the web server is. */
  trunkUrl: string | undefined;
  /** Patterns: `*`, `example.org`, `*.example.org`. */
  allowedServers: string[];
  deniedServers: string[];
  /** Addresses or networks (CIDR). */
  allowedNetworks: string[];
  /** Of one server. */
  conferencesPerServer: number;
  handshakesPerMinute: number;
  tracksPerTrunk: number;
  /** bit/s */
  bitratePerTrunk: number;
}

export interface LimitsConfig {
  conferences: number;
  participantsPerConference: number;
  /** Of one user. */
  invitesPerMinute: number;
  /** Application data of one participant. */
  data: { messageBytes: number; messagesPerSecond: number; bytesPerSecond: number };
}

/** From when on the focus has too much to do. */
export interface OverloadConfig {
  enabled: boolean;
  /** Shares of a core, 0 to 1. */
  refuseAt: number;
  shedAt: number;
  lagMs: number;
}

/** What is asked of media. */
export interface EncryptionConfig {
  /** In rooms with encrypted messages media in the clear is not forwarded. */
  requireInEncryptedRooms: boolean;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface LogConfig {
  level: LogLevel;
  format: 'json' | 'text';
}

export interface Config {
  homeserver: HomeserverConfig;
  rooms: { allowedServers: AllowedServers };
  http: HttpConfig;
  media: MediaConfig;
  signalling: SignallingConfig;
  cascade: CascadeConfig;
  limits: LimitsConfig;
  overload: OverloadConfig;
  encryption: EncryptionConfig;
  /** Absolute path. */
  stateDir: string;
  log: LogConfig;
}

/** Something wrong with the configuration, or worth a warning. Never holds a secret. */
export interface Problem {
  /** Like `media.listen[0].ip`; empty for the file as a whole. */
  path: string;
  /** Line in the file, from 1, where it is known. */
  line?: number;
  /** What is wrong and what is expected. */
  message: string;
}
