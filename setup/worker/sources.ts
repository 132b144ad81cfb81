import { Failure } from '../failure.mjs';

/** Against a mediasoup package that our build was not made for. */
export const OTHER_VERSION_REMEDY =
  'Use the mediasoup version of package-lock.json, or name a built worker in MEDIASOUP_WORKER_BIN.';

/** What the worker's own build files name as its sources, relative to the package's worker folder. */
export function listSources(workerMeson: string, libwebrtcMeson: string): string[] {
  const common = [...workerMeson.matchAll(/common_sources \+?= \[(.*?)\]/gs)].map(([, list = '']) => list);
  const ownSources = common.flatMap(list => quoted(list));
  const libwebrtc = quoted(libwebrtcMeson).filter(name => name.endsWith('.cc'));
  if (ownSources.length === 0 || libwebrtc.length === 0) {
    throw new Failure(
      'The build files of this mediasoup version list their sources in another way.',
      OTHER_VERSION_REMEDY,
    );
  }
  return [...ownSources, 'src/main.cpp', ...libwebrtc.map(name => `deps/libwebrtc/${name}`)];
}

function quoted(text: string): string[] {
  return [...text.matchAll(/'([^'\n]+)'/g)].map(([, name = '']) => name);
}

/**
 * A FlatBuffers schema with its fields in camel case, which the worker's code expects. The compiler of Debian 12 has no option
 * for that, and names are not part of what is sent.
 */
export function renameFields(schema: string): string {
  return schema.replace(
    /^(\s+)([a-z][a-z0-9_]*)(\s*:)/gm,
    (_whole, indent: string, name: string, colon: string) =>
      indent + name.replace(/_+([a-z0-9]?)/g, (_gap, letter: string) => letter.toUpperCase()) + colon,
  );
}
