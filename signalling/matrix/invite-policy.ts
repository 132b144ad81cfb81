/** The server name of a Matrix id, with its port if it has one; `undefined` where it has none. */
function serverOf(userId: string): string | undefined {
  const colon = userId.indexOf(':');
  return userId.startsWith('@') && colon > 0 && colon < userId.length - 1 ? userId.slice(colon + 1) : undefined;
}

/** A server name without its port; IPv6 literals keep their brackets. */
function hostOf(serverName: string): string {
  return serverName.replace(/:\d{1,5}$/, '');
}

function matches(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.startsWith('*.') && name.length > pattern.length - 1 && name.endsWith(pattern.slice(1));
}

/**
 * Whether a user may invite the focus. A pattern is `*`, a server name, or `*.` and a domain whose subdomains it means;
 * a pattern without port means every port. Server names are compared without regard to case.
 */
export function mayInvite(patterns: readonly string[], inviter: string | undefined): boolean {
  const server = inviter === undefined ? undefined : serverOf(inviter)?.toLowerCase();
  if (server === undefined) return false;
  const host = hostOf(server);
  return patterns.some(pattern => {
    const wanted = pattern.toLowerCase();
    return matches(wanted, server) || matches(wanted, host);
  });
}
