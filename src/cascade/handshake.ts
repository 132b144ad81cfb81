/** What two hellos make: a secret that never travels, as both ends compute it by themselves. Pure. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import type { FocusRef } from '../../signalling/wire/room-state.ts';
import { commonTrunkVersion, type TrunkHello } from '../../signalling/wire/trunk.ts';
import { compareFoci } from '../session.ts';

/** One end of a trunk, as long as it is wanted. */
export interface OwnEnd {
  hello: Omit<TrunkHello, 'answers'>;
  /** X25519, base64url; for nobody else. */
  privateKey: string;
}

/** The other end, with what is shared with it. */
export interface Link {
  /** Of the other end: there is one secret for each of its epochs. */
  epoch: string;
  publicKey: string;
  url: string;
  version: number;
  /** 32 bytes. */
  secret: Buffer;
}

/** Makes key pair and epoch of an end. */
export function openEnd(about: Omit<TrunkHello, 'answers' | 'epoch' | 'publicKey'>): OwnEnd {
  const { privateKey } = generateKeyPairSync('x25519');
  const { x = '', d = '' } = privateKey.export({ format: 'jwk' });
  return { hello: { ...about, epoch: randomBytes(16).toString('base64url'), publicKey: x }, privateKey: d };
}

/** Whether this side opens the WebSocket: the one that comes first. */
export function dials(own: FocusRef, far: FocusRef): boolean {
  return compareFoci(own, far) < 0;
}

/**
 * What a hello makes together with our end; the same at both ends. X25519 (RFC 7748) gives what goes into HKDF-SHA-256 (RFC 5869), its
 * salt is the SHA-256 of both hellos: identities, room, conference, epochs, keys, versions, URLs. A hello that was changed on its way
 * makes another secret.
 * @returns `no version`: there is none in common; `bad key`: it is none, or one that makes the same secret with every key
 */
export function linkOf(own: OwnEnd, far: TrunkHello): Link | 'no version' | 'bad key' {
  const version = commonTrunkVersion(own.hello.versions, far.versions);
  if (version === undefined) return 'no version';
  const { publicKey, epoch, url } = far;
  let shared: Buffer;
  try {
    const point = { kty: 'OKP', crv: 'X25519' };
    shared = diffieHellman({
      privateKey: createPrivateKey({
        key: { ...point, x: own.hello.publicKey, d: own.privateKey },
        format: 'jwk',
      }),
      publicKey: createPublicKey({ key: { ...point, x: publicKey }, format: 'jwk' }),
    });
  } catch {
    return 'bad key';
  }
  const [first, second] = dials(own.hello.from, far.from) ? [own.hello, far] : [far, own.hello];
  const secret = hkdfSync('sha256', shared, transcriptOf(first, second), `org.weir.trunk.v${version} token`, 32);
  return { epoch, publicKey, url, version, secret: Buffer.from(secret) };
}

type SaidOfEnd = OwnEnd['hello'];

/** Each field in UTF-8 behind its length in bytes (32 bits, big-endian): no two pairs of hellos give the same. */
function transcriptOf(first: SaidOfEnd, second: SaidOfEnd): Buffer {
  const hash = createHash('sha256');
  const add = (field: string): void => {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const { from, roomId, confId, versions, epoch, publicKey, url } of [first, second]) {
    [from.userId, from.deviceId, roomId, confId, versions.join(','), epoch, publicKey, url].forEach(add);
  }
  return hash.digest();
}
