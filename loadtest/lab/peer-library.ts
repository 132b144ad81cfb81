import { cleanup } from 'node-datachannel';

/** Ends the threads of the peers' library, which would keep the process. All peers have to be gone; none can come after. */
export function endPeerLibrary(): void {
  cleanup();
}
