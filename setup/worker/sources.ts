import { Failure } from '../failure.mjs';

/** What the worker's own build files name as its sources, relative to the package's worker folder. */
export function listSources(workerMeson: string, libwebrtcMeson: string): string[] {
  const common = [...workerMeson.matchAll(/common_sources \+?= \[(.*?)\]/gs)].map(([, list = '']) => list);
  const ownSources = common.flatMap(list => quoted(list));
  const libwebrtc = quoted(libwebrtcMeson).filter(name => name.endsWith('.cc'));
  if (ownSources.length === 0 || libwebrtc.length === 0) {
    throw new Failure(
      'The build files of this mediasoup version list their sources in another way.',
      'Use the version of package-lock.json, or name a built worker in MEDIASOUP_WORKER_BIN.',
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

/**
 * DtlsTransport.cpp with its BIO callback passing on what a finished operation returned. OpenSSL after 3.0.8 marks these with a
 * flag beside the operation, which the unchanged code overlooks: the DTLS handshake fails then.
 */
export function correctBioCallback(source: string): string {
  const corrected = source.replace('(operationType == BIO_CB_RETURN)', '((operationType & BIO_CB_RETURN) != 0)');
  if (corrected === source) {
    throw new Failure(
      "The worker's DtlsTransport.cpp is not the one that the correction of its BIO callback was made for.",
      'Use the mediasoup version of package-lock.json, or name a built worker in MEDIASOUP_WORKER_BIN.',
    );
  }
  return corrected;
}
