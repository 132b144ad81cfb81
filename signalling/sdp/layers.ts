import type { RemoteRid } from './remote.ts';

/** Names that tell the size by themselves, from the lowest: quarter, half, full. */
const KNOWN_ORDER = ['q', 'h', 'f'];

/**
 * Rids of a simulcast section from the lowest layer to the highest. By their widths where the client restricts all of
 * them (RFC 8851); else by known names; else the client's list is taken for most preferred, so highest, first (RFC 8853
 * section 5.2).
 */
export function layersFromLowest(rids: readonly RemoteRid[]): string[] {
  const names = rids.map(({ rid }) => rid);
  if (rids.every(({ maxWidth }) => maxWidth !== undefined)) {
    return [...rids].sort((a, b) => (a.maxWidth ?? 0) - (b.maxWidth ?? 0)).map(({ rid }) => rid);
  }
  if (names.every(name => KNOWN_ORDER.includes(name))) return KNOWN_ORDER.filter(name => names.includes(name));
  return names.reverse();
}
