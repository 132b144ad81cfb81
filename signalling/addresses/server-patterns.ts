/** The server name of a user id, with its port if it has one; `undefined` where it has none. */
export function serverOf(userId: string): string | undefined {
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
 * Whether a user is of a server that one of the patterns means: `*`, a server name, or `*.` and a domain whose subdomains it means;
 * a pattern without port means every port. Server names are compared without regard to case.
 */
export function isOfServers(patterns: readonly string[], userId: string | undefined): boolean {
  const server = userId === undefined ? undefined : serverOf(userId)?.toLowerCase();
  if (server === undefined) return false;
  const host = hostOf(server);
  return patterns.some(pattern => {
    const wanted = pattern.toLowerCase();
    return matches(wanted, server) || matches(wanted, host);
  });
}
