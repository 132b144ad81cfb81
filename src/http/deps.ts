/** What the web server asks of the rest of the focus. */
import type { HttpConfig } from '../../config/config.ts';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import type {
  Log,
  ResumedSession,
  SignalDoor,
  SignalLine,
  SignalMember,
  TrunkAdmission,
  TrunkFigures,
  TrunkTraffic,
  WorkerFigures,
} from '../ports.ts';
import type { ConferenceId } from '../session.ts';
import type { SignalTokens } from './signal-tokens.ts';

/** How things stand at this moment. */
export interface Readiness {
  homeserver: { kind: 'up' } | { kind: 'starting' } | { kind: 'down'; code: ErrorCode; message: string };
  /** Media worker processes alive, and how many there should be. */
  workers: { alive: number; wanted: number };
  /** What the focus does about its load: `careful` refuses newcomers, `shedding` sends less video, too. */
  overload: 'calm' | 'careful' | 'shedding';
}

/** A snapshot of what the focus does. */
export interface Status {
  /** Since the process began, ms. */
  uptimeMs: number;
  load: {
    /** What the focus does about it: of the process that signals, and of the fullest media worker. */
    process: Readiness['overload'];
    worker: Readiness['overload'];
    /** How late the event loop of the process is, ms. */
    lagMs: number;
    /** Of their video that viewers on the fullest worker get, 0 to 1. */
    videoShare: number;
    workers: readonly WorkerFigures[];
  };
  conferences: readonly ConferenceStatus[];
  trunks: readonly TrunkStatus[];
  /** Since the process began. */
  errors: readonly ErrorTally[];
}

export interface ConferenceStatus {
  conference: ConferenceId;
  /** Clients here, by how far they are. */
  joining: number;
  present: number;
  silent: number;
  /** Participants on other foci. */
  remote: number;
  tracks: number;
  /** Tracks that flow to viewers. */
  forwarded: number;
  /** Viewers who do not get all that they want. */
  deficient: number;
}

export interface TrunkStatus extends TrunkFigures {
  /** What crosses, as of some seconds ago; `undefined` while that is not known. */
  traffic: TrunkTraffic | undefined;
}

/** How often an error came. */
export interface ErrorTally {
  code: ErrorCode;
  count: number;
  /** Since it came last, ms. */
  agoMs: number;
}

/** What is counted of fast signalling. */
export interface SignalMeters {
  /** A token was asked for; `none` where it was given. */
  token(code: ErrorCode | 'none'): void;
  /** A WebSocket's client has said who it is. */
  lineOpened(): void;
  /** Such a WebSocket is gone; `client` where the focus had no reason of its own. */
  lineClosed(code: ErrorCode | 'client'): void;
}

/** What fast signalling needs. */
export interface SignallingDeps {
  tokens: SignalTokens;
  /** Of one address. */
  tokensPerMinute: number;
  meters: SignalMeters;
  /** The user of an OpenID token. Rejects with WEIR_OPENID_REFUSED or WEIR_OPENID_UNREACHABLE. */
  userOf(openId: { accessToken: string; serverName: string }): Promise<string>;
  /** Resolves once the member may join; rejects with the reason why not (WEIR_OVERLOADED: there is no room), or WEIR_STARTING. */
  admit(member: SignalMember): Promise<void>;
  /** A WebSocket of a member is open. Throws WEIR_STARTING or WEIR_FOCUS_STOPPING. */
  connect(member: SignalMember, resume: ResumedSession | undefined, line: SignalLine): SignalDoor;
}

/** What trunks of other foci need. */
export interface CascadeDeps {
  /** Who opens a WebSocket with this token. Throws WEIR_TOKEN_REFUSED, WEIR_STARTING, or why there is no trunk. */
  admit(token: string): TrunkAdmission;
}

export interface HttpDeps {
  config: HttpConfig;
  /** Client API of the homeserver as browsers reach it. */
  homeserverUrl: string;
  /** Version of weir. */
  version: string;
  /** Directory of the built call page, where config.page.dir names none. */
  defaultPageDir: string;
  /** A snapshot; it must neither wait nor throw. */
  readiness(): Readiness;
  /** The same. */
  status(): Status;
  /** The device of the focus; `undefined` until the homeserver has told. */
  focusIdentity(): { userId: string; deviceId: string } | undefined;
  metrics: { readonly contentType: string; render(): Promise<string> };
  /** Counts an error that a request was answered with. */
  countError(code: ErrorCode): void;
  log: Log;
  /** Undefined where fast signalling is switched off. */
  signalling: SignallingDeps | undefined;
  /** Undefined where trunks are switched off. */
  cascade: CascadeDeps | undefined;
}
