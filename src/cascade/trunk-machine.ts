/**
 * A trunk's handshake: (state, input, now) -> state and effects. No I/O.
 *
 * Each end says one hello for as long as it wants the trunk; with both hellos each end has the secret, whichever came first. A hello alone
 * moves nothing: it makes a candidate, which counts once a WebSocket has proven its secret. So what is redelivered, stale or forged ends
 * no trunk, and a focus that was restarted replaces its earlier self as soon as it has proven to be there.
 */
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import type { TrunkHello } from '../../signalling/wire/trunk.ts';
import type { TrunkState } from '../ports.ts';
import type { Link } from './handshake.ts';

const MOST_OFTEN_MS = 2_000;
/** ms until the next dial: a cut trunk is tried every 2 s or sooner. @param before how many there were since something changed */
const dialAfterMs = (before: number): number => Math.min(250 * 2 ** before, MOST_OFTEN_MS);
/** The same for hellos that nobody answers. */
const helloAfterMs = (before: number): number => Math.min(2_000 * 2 ** before, 60_000);
/** A WebSocket that was open for so long is dialled at once when it is cut. */
const STEADY_MS = 5_000;
/** Two hellos are never closer than that. */
const HELLO_GAP_MS = 1_000;
/** How long a hello may take to the other end before it is dialled. */
const ARRIVES_WITHIN_MS = 300;
/** A candidate that nobody has proven is forgotten then; another hello of it makes it anew. */
const CANDIDATE_FOR_MS = 30_000;
const MOST_CANDIDATES = 4;
const MOST_SPENT = 32;

/** What does not change about a trunk. */
export interface Ends {
  /** Of our end. */
  epoch: string;
  /** Whether our end opens the WebSocket. */
  dials: boolean;
  linkOf(hello: TrunkHello): Link | 'no version' | 'bad key';
}

export type Phase =
  /** Nobody has proven to be the other end yet. */
  | { kind: 'calling' }
  | { kind: 'open'; link: Link; since: number }
  /** The WebSocket is gone, the secret holds. */
  | { kind: 'broken'; link: Link }
  /** It waits for a hello of another epoch. `answers`: that of the other end that speaks no version of ours, where one does. */
  | { kind: 'refused'; answers: readonly string[] }
  | { kind: 'closed' };

export interface Machine {
  phase: Phase;
  /** The newest last. */
  candidates: readonly { link: Link; until: number }[];
  /** Epochs of the other side that are over. */
  spent: readonly string[];
  /** Epochs that are being dialled, and since when. */
  dialling: readonly { epoch: string; since: number }[];
  /** When to dial those that are not being dialled, and how often it was in vain. */
  dialAt: number | undefined;
  dials: number;
  /** When to say hello; when it was said last; and how often since something changed. */
  helloAt: number | undefined;
  helloSaidAt: number | undefined;
  hellos: number;
}

export type Input =
  /** From a focus that room state names, and that policy lets. */
  | { kind: 'hello'; hello: TrunkHello }
  /** Both ends of a WebSocket have proven the secret with this epoch. */
  | { kind: 'opened'; epoch: string; resumed: boolean }
  /** No WebSocket came of a dial. */
  | { kind: 'failed'; epoch: string; code: ErrorCode; message: string }
  /** The WebSocket that was open is gone. `forGood`: the other focus wants the trunk no more. */
  | { kind: 'cut'; epoch: string; code: ErrorCode; forGood: boolean }
  | { kind: 'time' }
  | { kind: 'close'; code: ErrorCode };

export type Effect =
  | { kind: 'say-hello'; answers: readonly string[] }
  | { kind: 'dial'; link: Link }
  /** Ends the WebSocket of this epoch, and a dial of it. `forGood`: our end is over. */
  | { kind: 'hang-up'; epoch: string; code: ErrorCode; forGood: boolean }
  | { kind: 'tell'; state: TrunkState };

export interface Step {
  machine: Machine;
  effects: Effect[];
}

export function startMachine(now: number): Machine {
  return {
    phase: { kind: 'calling' },
    candidates: [],
    spent: [],
    dialling: [],
    dialAt: undefined,
    dials: 0,
    helloAt: now,
    helloSaidAt: undefined,
    hellos: 0,
  };
}

/** The links that a WebSocket may be proven with. */
export function linksOf(machine: Machine): Link[] {
  const held = heldLink(machine);
  return [...(held === undefined ? [] : [held]), ...machine.candidates.map(({ link }) => link)];
}

/** Those that a WebSocket is wanted for. */
function wantedLinks(machine: Machine): Link[] {
  const { phase } = machine;
  return linksOf(machine).filter(({ epoch }) => !(phase.kind === 'open' && phase.link.epoch === epoch));
}

function heldLink({ phase }: Machine): Link | undefined {
  return phase.kind === 'open' || phase.kind === 'broken' ? phase.link : undefined;
}

/** From the beginning again, as far as the other end goes; the next hello comes a little later. */
function calling(now: number): Pick<Machine, 'phase' | 'helloAt' | 'hellos'> {
  return { phase: { kind: 'calling' }, helloAt: now + helloAfterMs(0), hellos: 1 };
}

/** When `time` is due; `undefined`: never, as things are. */
export function dueAt({ dialAt, helloAt, candidates }: Machine): number | undefined {
  const times = [dialAt, helloAt, ...candidates.map(({ until }) => until)].filter(at => at !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** One step. Whatever comes in, in whatever order, it throws nothing. */
export function step(machine: Machine, input: Input, now: number, ends: Ends): Step {
  if (machine.phase.kind === 'closed') return { machine, effects: [] };
  switch (input.kind) {
    case 'hello':
      return hello(machine, input.hello, now, ends);
    case 'opened':
      return opened(machine, input, now, ends);
    case 'failed':
      return failed(machine, input, now, ends);
    case 'cut':
      return cut(machine, input, now, ends);
    case 'time':
      return time(machine, now);
    case 'close': {
      const epochs = new Set([
        ...linksOf(machine).map(({ epoch }) => epoch),
        ...machine.dialling.map(({ epoch }) => epoch),
      ]);
      const effects = [...epochs].map((epoch): Effect => ({ kind: 'hang-up', epoch, code: input.code, forGood: true }));
      return { machine: { ...startMachine(now), phase: { kind: 'closed' }, helloAt: undefined }, effects };
    }
  }
}

function hello(machine: Machine, said: TrunkHello, now: number, ends: Ends): Step {
  // Of an end that is over, or that has proven since that it knows us.
  if (machine.spent.includes(said.epoch) || heldLink(machine)?.epoch === said.epoch) return { machine, effects: [] };
  const knowsUs = said.answers.includes(ends.epoch);
  // What it says of an epoch that is known already changes nothing: it can only ask for our hello.
  if (linksOf(machine).some(({ epoch }) => epoch === said.epoch))
    return { machine: knowsUs ? machine : sayHelloSoon(machine, now), effects: [] };
  const link = ends.linkOf(said);
  if (link === 'bad key') return { machine, effects: [] };
  if (link === 'no version') {
    if (linksOf(machine).length > 0) return { machine, effects: [] };
    const refused = refuse(machine, 'WEIR_TRUNK_VERSION', 'the other focus speaks no common version', [said.epoch]);
    // Nobody but us can tell the other end.
    return knowsUs ? refused : { ...refused, machine: sayHelloSoon(refused.machine, now) };
  }
  const candidates = [...machine.candidates, { link, until: now + CANDIDATE_FOR_MS }].slice(-MOST_CANDIDATES);
  const begun: Machine = {
    ...machine,
    candidates,
    dials: 0,
    dialAt: ends.dials ? earlier(machine.dialAt, now + (knowsUs ? 0 : ARRIVES_WITHIN_MS)) : undefined,
    hellos: 0,
    ...(machine.phase.kind === 'refused' ? calling(now) : {}),
  };
  // The other end needs ours as much, also where it answers one that we have said: it may have lost that since.
  return { machine: knowsUs ? begun : sayHelloSoon(begun, now), effects: [] };
}

function opened(
  machine: Machine,
  { epoch, resumed }: Extract<Input, { kind: 'opened' }>,
  now: number,
  ends: Ends,
): Step {
  const link = linksOf(machine).find(one => one.epoch === epoch);
  // It took too long: its candidate is forgotten.
  if (link === undefined)
    return { machine, effects: [{ kind: 'hang-up', epoch, code: 'WEIR_TOKEN_REFUSED', forGood: false }] };
  const before = heldLink(machine);
  const replaced = before !== undefined && before.epoch !== epoch ? before.epoch : undefined;
  const rest = machine.candidates.filter(candidate => candidate.link.epoch !== epoch);
  const next: Machine = {
    ...machine,
    phase: { kind: 'open', link, since: now },
    candidates: rest,
    spent: replaced === undefined ? machine.spent : [...machine.spent, replaced].slice(-MOST_SPENT),
    dialling: machine.dialling.filter(one => one.epoch !== epoch),
    dialAt: ends.dials && rest.length > 0 ? now + dialAfterMs(0) : undefined,
    hellos: 0,
    helloAt: undefined,
  };
  const tell: Effect = { kind: 'tell', state: { kind: 'open', resumed, epoch, version: link.version } };
  const over: Effect[] =
    replaced === undefined ? [] : [{ kind: 'hang-up', epoch: replaced, code: 'WEIR_REPLACED', forGood: false }];
  return { machine: next, effects: [...over, tell] };
}

function failed(
  machine: Machine,
  { epoch, code, message }: Extract<Input, { kind: 'failed' }>,
  now: number,
  ends: Ends,
): Step {
  const since = machine.dialling.find(one => one.epoch === epoch)?.since ?? now;
  const again = Math.max(now, since + dialAfterMs(machine.dials - 1));
  const next: Machine = {
    ...machine,
    dialling: machine.dialling.filter(one => one.epoch !== epoch),
    dialAt: ends.dials && wantedLinks(machine).length > 0 ? earlier(machine.dialAt, again) : undefined,
  };
  switch (code) {
    // It does not know (any more) what we have: so it may lack our hello.
    case 'WEIR_TOKEN_REFUSED':
      return { machine: isOpen(machine) ? next : sayHelloLater(next, now), effects: [] };
    case 'WEIR_TRUNK_DENIED':
    case 'WEIR_TRUNK_VERSION':
    case 'WEIR_TRUNK_ADDRESS':
      return giveUp(next, { epoch, code, message }, now);
    default:
      return { machine: next, effects: [] };
  }
}

/** Without this link; where there is no other, without a trunk. */
function giveUp(
  machine: Machine,
  { epoch, code, message }: { epoch: string; code: ErrorCode; message: string },
  now: number,
): Step {
  const wasHeld = heldLink(machine)?.epoch === epoch;
  const next: Machine = {
    ...machine,
    candidates: machine.candidates.filter(({ link }) => link.epoch !== epoch),
    spent: [...machine.spent, epoch].slice(-MOST_SPENT),
    ...(wasHeld ? calling(now) : {}),
  };
  if (linksOf(next).length === 0) return refuse(next, code, message);
  return { machine: next, effects: wasHeld ? [{ kind: 'tell', state: { kind: 'ended', code } }] : [] };
}

function cut(
  machine: Machine,
  { epoch, code, forGood }: Extract<Input, { kind: 'cut' }>,
  now: number,
  ends: Ends,
): Step {
  const { phase } = machine;
  if (phase.kind !== 'open' || phase.link.epoch !== epoch) return { machine, effects: [] };
  if (forGood) {
    const spent = [...machine.spent, epoch].slice(-MOST_SPENT);
    return {
      machine: { ...machine, ...calling(now), spent },
      effects: [{ kind: 'tell', state: { kind: 'ended', code } }],
    };
  }
  // One that is cut again and again is not to be dialled without a pause.
  const dials = now - phase.since >= STEADY_MS ? 0 : machine.dials;
  const dialAt = dials === 0 ? now : now + dialAfterMs(dials);
  const next: Machine = { ...machine, phase: { kind: 'broken', link: phase.link }, dials };
  return {
    machine: { ...next, dialAt: ends.dials ? dialAt : undefined },
    effects: [{ kind: 'tell', state: { kind: 'broken', code } }],
  };
}

function time(machine: Machine, now: number): Step {
  const effects: Effect[] = [];
  let next: Machine = { ...machine, candidates: machine.candidates.filter(({ until }) => until > now) };
  if (next.dialAt !== undefined && next.dialAt <= now) {
    const free = wantedLinks(next).filter(link => !next.dialling.some(({ epoch }) => epoch === link.epoch));
    effects.push(...free.map((link): Effect => ({ kind: 'dial', link })));
    next = {
      ...next,
      dialling: [...next.dialling, ...free.map(({ epoch }) => ({ epoch, since: now }))],
      dials: next.dials + 1,
      // Again once one of them has failed.
      dialAt: undefined,
    };
  }
  if (next.helloAt !== undefined && next.helloAt <= now) {
    const refusedOf = next.phase.kind === 'refused' ? next.phase.answers : [];
    effects.push({ kind: 'say-hello', answers: [...linksOf(next).map(({ epoch }) => epoch), ...refusedOf] });
    next = {
      ...next,
      helloSaidAt: now,
      hellos: next.hellos + 1,
      helloAt: next.phase.kind === 'calling' ? now + helloAfterMs(next.hellos) : undefined,
    };
  }
  return { machine: next, effects };
}

function refuse(machine: Machine, code: ErrorCode, message: string, answers: readonly string[] = []): Step {
  const next: Machine = { ...machine, phase: { kind: 'refused', answers }, dialAt: undefined, helloAt: undefined };
  return { machine: next, effects: [{ kind: 'tell', state: { kind: 'refused', code, message } }] };
}

function sayHelloSoon(machine: Machine, now: number): Machine {
  const at = Math.max(now, (machine.helloSaidAt ?? Number.NEGATIVE_INFINITY) + HELLO_GAP_MS);
  return { ...machine, helloAt: earlier(machine.helloAt, at) };
}

/** Less often the more often it was in vain: the other focus may not want to understand. */
function sayHelloLater(machine: Machine, now: number): Machine {
  const at = Math.max(now, (machine.helloSaidAt ?? Number.NEGATIVE_INFINITY) + helloAfterMs(machine.hellos));
  return { ...machine, helloAt: earlier(machine.helloAt, at) };
}

function isOpen({ phase }: Machine): boolean {
  return phase.kind === 'open';
}

function earlier(a: number | undefined, b: number): number {
  return a === undefined ? b : Math.min(a, b);
}
