/** The options of `weir-loadtest run`, as commander reads them, become what is to be run. */
import { readFileSync } from 'node:fs';
import { messageOf, TesterFailure } from '../failure.ts';
import { type Access, readTokens } from '../homeserver/access.ts';
import { readRegistration } from '../homeserver/registration.ts';
import type { MeasuredAt } from '../measure/process-meter.ts';
import type { LoadTestOptions } from '../options.ts';
import { presetFor } from '../scenario/cast.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { LocalOptions } from '../share/local-share.ts';
import type { EndpointKind, Via } from '../share/messages.ts';

/** Texts and numbers as they were given. */
export interface GivenOptions {
  homeserver?: string;
  focusUser?: string;
  focusDevice?: string;
  focusUrl?: string;
  via: Via;
  tokens?: string;
  appservice?: string;
  room?: string;
  conf?: string;
  participants?: number;
  steps?: number[];
  joinsPerSecond?: number;
  settle?: number;
  hold?: number;
  untilUnhappy: number;
  processes?: number;
  memberEvents: boolean;
  endpoint: EndpointKind;
  /** Binary of the native peers. */
  engine?: string;
  bind: string;
  focusPid?: number;
  focusMetrics?: string;
  homeserverPid?: number;
  homeserverMetrics?: string;
  canary: boolean;
  chromium: string;
  lead?: string;
  token?: string;
  testers: number;
}

type Read = Omit<LoadTestOptions, 'signal' | 'tell' | 'onSample'>;

/** Throws a TesterFailure that names all that is wrong. */
export function readRunOptions(given: GivenOptions, scenario: Scenario): Read {
  const problems: string[] = [];
  const need = <Value>(value: Value | undefined, option: string): Value | undefined => {
    if (value === undefined) problems.push(`${option} is missing`);
    return value;
  };
  const attempt = <Value>(read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  const homeserver = need(given.homeserver, '--homeserver');
  const userId = need(given.focusUser, '--focus-user');
  const deviceId = need(given.focusDevice, '--focus-device');
  if (given.via === 'ws') need(given.focusUrl, '--focus-url (with --via ws)');
  if (homeserver !== undefined && !isHttpUrl(homeserver)) problems.push('--homeserver is not a URL of http or https');
  if (given.endpoint === 'native' && given.engine === undefined) {
    problems.push('no engine for native peers: npm run loadtest builds one, WEIR_LOAD_PEER_BIN names one');
  }
  const access = attempt(() => readAccess(given));
  const call = attempt(() => readCall(given));
  const lead = attempt(() => readLead(given));
  const focus = attempt(() => measuredAt('focus', given.focusPid, given.focusMetrics));
  const server = attempt(() => measuredAt('homeserver', given.homeserverPid, given.homeserverMetrics));
  const ramp = attempt(() => readRamp(given, scenario));
  if (
    problems.length > 0 ||
    homeserver === undefined ||
    userId === undefined ||
    deviceId === undefined ||
    access === undefined ||
    ramp === undefined
  ) {
    throw new TesterFailure(problems.join('\n'), 'weir-loadtest run --help says more.');
  }
  return {
    scenario,
    homeserver,
    focus: { userId, deviceId },
    via: given.via,
    ...(given.focusUrl === undefined ? {} : { focusUrl: given.focusUrl }),
    access,
    ...(call === undefined ? {} : { call }),
    ramp,
    memberEvents: given.memberEvents,
    endpoint: given.endpoint,
    local: localOf(given),
    bindAddress: given.bind,
    measured: {
      ...(focus === undefined ? {} : { focus }),
      ...(server === undefined ? {} : { homeserver: server }),
    },
    canary: given.canary && { executablePath: given.chromium },
    ...(lead === undefined ? {} : { lead }),
  };
}

export function localOf({ processes, engine }: Pick<GivenOptions, 'processes' | 'engine'>): LocalOptions {
  return { ...(processes === undefined ? {} : { processes }), ...(engine === undefined ? {} : { engine }) };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function readText(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${option} ${file} cannot be read: ${messageOf(error)}`);
  }
}

function readAccess({ tokens, appservice }: GivenOptions): Access {
  if (tokens !== undefined && appservice !== undefined) throw new Error('take --tokens or --appservice, not both');
  if (tokens !== undefined) return { kind: 'tokens', devices: readTokens(readText(tokens, '--tokens'), tokens) };
  if (appservice === undefined) throw new Error('--tokens or --appservice is missing: who takes part?');
  return { kind: 'appservice', registration: readRegistration(readText(appservice, '--appservice'), appservice) };
}

function readCall({ room, conf }: GivenOptions): LoadTestOptions['call'] {
  if (room === undefined && conf === undefined) return undefined;
  if (room === undefined || conf === undefined) throw new Error('--room and --conf go together');
  return { roomId: room, confId: conf };
}

function readLead({ lead, token, testers }: GivenOptions): LoadTestOptions['lead'] {
  if (lead === undefined) return undefined;
  if (token === undefined) throw new Error('--lead needs --token (or WEIR_LOADTEST_TOKEN)');
  const address = hostAndPort(lead);
  if (address === undefined) throw new Error('--lead is not HOST:PORT');
  return { ...address, token, testers };
}

/** Of `HOST:PORT`; an IPv6 address stands in brackets. */
export function hostAndPort(text: string): { host: string; port: number } | undefined {
  const [, host, port] = /^(\[[0-9a-f:]+\]|[^:[\]]+):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function measuredAt(part: string, pid: number | undefined, url: string | undefined): MeasuredAt | undefined {
  if (pid !== undefined && url !== undefined) throw new Error(`take --${part}-pid or --${part}-metrics, not both`);
  if (pid !== undefined) return { kind: 'pid', pid };
  if (url === undefined) return undefined;
  if (!isHttpUrl(url)) throw new Error(`--${part}-metrics is not a URL of http or https`);
  return { kind: 'metrics', url };
}

/** The scenario's preset, with what was given put over it. */
export function readRamp(
  given: Pick<GivenOptions, 'participants' | 'steps' | 'joinsPerSecond' | 'settle' | 'hold' | 'untilUnhappy'>,
  scenario: Scenario,
): LoadTestOptions['ramp'] {
  const participants = given.participants ?? given.steps?.at(-1) ?? scenario.presets[0]?.participants ?? 1;
  const preset = presetFor(scenario, participants);
  const steps = given.steps ?? [...(preset.steps ?? []).filter(step => step < participants), participants];
  if (steps.some((step, index) => step <= (steps[index - 1] ?? 0))) throw new Error('--steps must rise');
  if (steps.at(-1) !== participants) throw new Error('--steps must end with --participants');
  return {
    steps,
    joinsPerSecond: given.joinsPerSecond ?? preset.joins_per_second,
    settleMs: (given.settle ?? preset.settle_s) * 1_000,
    holdMs: (given.hold ?? preset.hold_s) * 1_000,
    mostUnhappyPct: given.untilUnhappy,
  };
}
