import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getSupportedRtpCapabilities } from 'mediasoup';
import { EXTENSION } from '../../signalling/sdp/rtp.ts';
import type { Logger } from './options.ts';

/** As mediasoup keeps it for itself; what it hands out are copies. */
interface SupportedExtension {
  kind: string;
  uri: string;
  direction: string;
}

const isExtension = (each: unknown): each is SupportedExtension =>
  typeof each === 'object' && each !== null && 'kind' in each && 'uri' in each && 'direction' in each;

const isOfVoices = ({ kind, uri }: { kind: string; uri: string }): boolean =>
  kind === 'audio' && uri === EXTENSION.transportCc;

/**
 * Makes viewers report on voices, too, so that one estimate holds all that their link carries. mediasoup offers the extension
 * for the voices that it receives only, and has no setting for it; its worker numbers those that it sends by a patch of ours.
 * Where another version of mediasoup keeps its list elsewhere this changes nothing, and is logged: estimates are too low then.
 */
export function numberVoices(logger: Logger): void {
  const require = createRequire(import.meta.url);
  try {
    const list: unknown = require(join(dirname(require.resolve('mediasoup')), 'supportedRtpCapabilities.js'));
    const supported: unknown = Reflect.get(Object(list), 'supportedRtpCapabilities');
    const extensions: unknown = Reflect.get(Object(supported), 'headerExtensions');
    if (!Array.isArray(extensions)) throw new TypeError('no list of header extensions');
    for (const each of extensions) if (isExtension(each) && isOfVoices(each)) each.direction = 'sendrecv';
    if (!voicesAreNumbered()) throw new TypeError('the list is another one');
  } catch (thrown) {
    logger.warn({ error: String(thrown) }, 'voices stay out of what viewers report');
  }
}

function voicesAreNumbered(): boolean {
  return (getSupportedRtpCapabilities().headerExtensions ?? []).some(
    extension => isOfVoices(extension) && extension.direction === 'sendrecv',
  );
}
