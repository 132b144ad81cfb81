/** Fast signalling as the configuration wants it. */
import type { Config } from '../../config/config.ts';
import { createOpenIdCheck } from '../../signalling/matrix/index.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { SignallingDeps, SignalMeters } from '../http/deps.ts';
import { createSignalTokens } from '../http/signal-tokens.ts';
import { keptSecret } from '../store/secret-file.ts';
import type { FocusNode } from './focus-node.ts';

/** Undefined where it is switched off. */
export async function openSignalling(
  config: Config,
  node: FocusNode,
  meters: SignalMeters,
): Promise<SignallingDeps | undefined> {
  const { enabled, tokenLifetimeMs, tokensPerMinute, homeservers, allowedNetworks } = config.signalling;
  if (!enabled) return undefined;
  const { serverName, url } = config.homeserver;
  const audience = (): string => {
    const identity = node.identity;
    if (identity === undefined) throw new WeirError('WEIR_STARTING', 'the homeserver has not been reached yet');
    return `${identity.userId}/${identity.deviceId}`;
  };
  return {
    tokens: createSignalTokens(await keptSecret(config.stateDir), audience, tokenLifetimeMs),
    tokensPerMinute,
    meters,
    userOf: createOpenIdCheck({ homeservers: [{ serverName, url }, ...homeservers], allowedNetworks }),
    admit: member => node.admit(member),
    connect: (member, resume, line) => node.focus.connect(member, resume, line),
  };
}
