import type { types } from 'mediasoup';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { RemoteTransport } from '../../signalling/sdp/remote.ts';
import type { LocalTransport } from '../../signalling/sdp/write.ts';

/** What is known of the client's end. */
type Remote =
  | { state: 'unknown' }
  | { state: 'known'; iceUfrag: string; fingerprint: string; setup: 'active' | 'passive' };

/** One WebRTC transport and how the descriptions tell of it. */
export class Path {
  readonly transport: types.WebRtcTransport;
  #remote: Remote = { state: 'unknown' };

  constructor(transport: types.WebRtcTransport) {
    this.transport = transport;
  }

  get connected(): boolean {
    return this.#remote.state === 'known';
  }

  /** Throws WEIR_BAD_SDP where the client's end has become another one. */
  check(remote: RemoteTransport): void {
    if (this.#remote.state === 'known' && this.#remote.fingerprint !== remote.fingerprint.value) {
      throw new WeirError('WEIR_BAD_SDP', 'the DTLS fingerprint has changed within one connection');
    }
  }

  /** Connects at first; afterwards new credentials of the client are an ICE restart (RFC 8839 section 4.4.1.1). */
  async follow(remote: RemoteTransport): Promise<void> {
    this.check(remote);
    const { iceUfrag, fingerprint } = remote;
    const before = this.#remote;
    if (before.state === 'unknown') {
      const setup = remote.setup === 'passive' ? 'passive' : 'active';
      await this.transport.connect({
        dtlsParameters: { role: setup === 'active' ? 'client' : 'server', fingerprints: [fingerprint] },
      });
      this.#remote = { state: 'known', iceUfrag, fingerprint: fingerprint.value, setup };
    } else if (before.iceUfrag !== iceUfrag) {
      await this.transport.restartIce();
      this.#remote = { ...before, iceUfrag };
    }
  }

  describe(): LocalTransport {
    const { iceParameters, iceCandidates, dtlsParameters } = this.transport;
    const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
    if (fingerprint === undefined) throw new WeirError('WEIR_MEDIA_FAILED', 'the transport has no SHA-256 fingerprint');
    return {
      iceUfrag: iceParameters.usernameFragment,
      icePwd: iceParameters.password,
      fingerprint: { type: fingerprint.algorithm, hash: fingerprint.value },
      candidates: iceCandidates.map(({ foundation, priority, address, port, protocol }) => ({
        foundation,
        priority,
        address,
        port,
        protocol,
      })),
      setup: this.#remote.state === 'known' && this.#remote.setup === 'passive' ? 'active' : 'passive',
    };
  }
}
