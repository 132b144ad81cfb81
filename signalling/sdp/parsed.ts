/**
 * What the SDP parser really gives: any field may be missing, and a text that looks like a number is a number.
 * (Its own types promise more than it keeps.)
 */
import { WeirError } from '../wire/errors.ts';
import { MAX_ATTRIBUTES } from './bounds.ts';
import type { Direction } from './remote.ts';

export type Loose = unknown;

export interface ParsedShared {
  iceUfrag?: Loose;
  icePwd?: Loose;
  fingerprint?: { type?: Loose; hash?: Loose };
  setup?: Loose;
  direction?: Loose;
  ext?: readonly { value?: Loose; uri?: Loose; direction?: Loose }[];
}

export interface ParsedSection extends ParsedShared {
  type?: Loose;
  port?: Loose;
  protocol?: Loose;
  payloads?: Loose;
  mid?: Loose;
  bundleOnly?: Loose;
  rtp?: readonly { payload?: Loose; codec?: Loose; rate?: Loose; encoding?: Loose }[];
  fmtp?: readonly { payload?: Loose; config?: Loose }[];
  rtcpFb?: readonly { payload?: Loose; type?: Loose; subtype?: Loose }[];
  rids?: readonly { id?: Loose; direction?: Loose; params?: Loose }[];
  simulcast?: { dir1?: Loose; list1?: Loose; dir2?: Loose; list2?: Loose };
  ssrcs?: readonly { id?: Loose; attribute?: Loose; value?: Loose }[];
  ssrcGroups?: readonly { semantics?: Loose; ssrcs?: Loose }[];
  msid?: readonly { id?: Loose; appdata?: Loose }[];
  /** Attributes that the parser's patterns do not match, without their `a=`. */
  invalid?: readonly { value?: Loose }[];
  candidates?: readonly Loose[];
  maxMessageSize?: Loose;
}

export interface ParsedSession extends ParsedShared {
  origin?: { username?: Loose; address?: Loose };
  extmapAllowMixed?: Loose;
  groups?: readonly { type?: Loose; mids?: Loose }[];
  media?: readonly ParsedSection[];
}

export function badSdp(message: string): WeirError {
  return new WeirError('WEIR_BAD_SDP', `session description: ${message}`);
}

/** A field as the text that stood there; `undefined` where there is none. */
export function text(field: Loose): string | undefined {
  if (typeof field === 'string') return field;
  return typeof field === 'number' ? String(field) : undefined;
}

/** A whole number from 0 to `max`. */
export function integer(field: Loose, max: number): number | undefined {
  return typeof field === 'number' && Number.isInteger(field) && field >= 0 && field <= max ? field : undefined;
}

export function list<T>(field: readonly T[] | undefined, max = MAX_ATTRIBUTES, what = 'attributes'): readonly T[] {
  if (field === undefined) return [];
  if (field.length > max) throw badSdp(`too many ${what}`);
  return field;
}

export function readDirection(field: unknown): Direction {
  switch (field) {
    case 'sendonly':
    case 'recvonly':
    case 'inactive':
      return field;
    default:
      return 'sendrecv';
  }
}
