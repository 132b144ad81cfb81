import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Federation, type FederationOptions, startFederation } from '../../demo/federated/federation.ts';

/** Two sites of a test file's own. Disposing of `owned` ends whatever stands in it first, then the sites, and removes their folder. */
export interface FederatedStage {
  readonly federation: Federation;
  readonly owned: AsyncDisposableStack;
}

/** When something fails, all that was started is stopped again. */
export async function startFederatedStage(
  options: Omit<FederationOptions, 'stateDir' | 'synapsePython' | 'workerBin'>,
): Promise<FederatedStage> {
  await using starting = new AsyncDisposableStack();
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-federated-'));
  starting.defer(() => rm(stateDir, { recursive: true, force: true }));
  const federation = starting.use(
    await startFederation({
      stateDir,
      synapsePython: process.env['WEIR_SYNAPSE_PYTHON'] ?? '',
      workerBin: process.env['MEDIASOUP_WORKER_BIN'] ?? '',
      ...options,
    }),
  );
  return { federation, owned: starting.move() };
}
