import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this checkout. */
export const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where what took long to get is kept between runs and checkouts. It may be deleted at any time. */
export function cacheFolder() {
  const { WEIR_CACHE, XDG_CACHE_HOME } = process.env;
  if (WEIR_CACHE) return resolve(WEIR_CACHE);
  return join(XDG_CACHE_HOME ? resolve(XDG_CACHE_HOME) : join(homedir(), '.cache'), 'weir');
}
