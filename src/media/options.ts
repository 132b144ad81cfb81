import type { Clock } from '../ports.ts';
import type { CodecName } from './codecs.ts';
import type { DataRates } from './data-channels/allowance.ts';
import type { CountData } from './data-channels/conference-data.ts';
import type { SpreadThresholds } from './routers/placement.ts';

/** The part of a pino logger that is used here. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An address to listen on; `announcedAddress` (address or host name) is what clients are told instead. */
export interface ListenAddress {
  ip: string;
  announcedAddress?: string;
}

export interface MediaOptions {
  /** Worker processes; a conference lives on one, and on more when it outgrows it. */
  workers: number;
  /** Path of the worker's binary; the one of the mediasoup package by default. */
  workerBin?: string;
  listen: readonly ListenAddress[];
  /** Ports for UDP and TCP, one for each worker; any free ones by default. */
  ports?: { min: number; max: number };
  /** UDP ports, one for each trunk; any free ones by default. */
  trunkPorts?: { min: number; max: number };
  /** ICE over TCP, on the same port. */
  enableTcp: boolean;
  logger: Logger;
  clock: Clock;
  /** How long a peer may be silent before it is reported, in s; 8 by default. */
  iceConsentTimeoutS?: number;
  /** What is forwarded; all of `DEFAULT_CODECS` by default. */
  codecs?: readonly CodecName[];
  /** Whose order decides what a client sends that offers several; its own by default. */
  codecOrder?: 'publisher' | 'focus';
  /** First estimate of what a viewer can be sent, in bit/s; 3,000,000 by default: a handful of cameras at once. */
  initialOutgoingBitrate?: number;
  /** False: nothing is estimated, and each viewer is sent all that it is granted. For measurements. True by default. */
  congestionControl?: boolean;
  /** Most that one audio track may be sent with, in bit/s; 64,000 by default. */
  maxAudioBitrate?: number;
  /** How much application data one client may send; 64 KiB a message, 300 messages and 250,000 bytes a second by default. */
  dataRates?: DataRates;
  /** When a conference takes another worker; `DEFAULT_SPREAD` by default. */
  spread?: SpreadThresholds;
  /** The ends of trunks to other foci; they listen on the first address of `listen`. */
  trunks?: {
    /** bit/s that one is sent at most, probing included; 100,000,000 by default. */
    maxBitrate?: number;
  };
  /** Hears what became of messages of application data. */
  countData?: CountData;
}

export const DEFAULT_ICE_CONSENT_TIMEOUT_S = 8;
export const DEFAULT_INITIAL_OUTGOING_BITRATE = 3_000_000;
export const DEFAULT_MAX_AUDIO_BITRATE = 64_000;
export const DEFAULT_MAX_TRUNK_BITRATE = 100_000_000;
export const LOOPBACK: ListenAddress = { ip: '127.0.0.1' };
