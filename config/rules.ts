/** What the text of a key must look like, beyond being text. */
import { isIP, isIPv6 } from 'node:net';

export interface Rule {
  /** In words, to follow "must be". */
  expected: string;
  holds(value: string): boolean;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

export const RULES = {
  url: {
    expected: 'an http or https URL without user, query or fragment',
    holds(value) {
      if (!URL.canParse(value)) return false;
      const url = new URL(value);
      const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
      return bare && (url.protocol === 'https:' || url.protocol === 'http:');
    },
  },
  origin: {
    expected: 'an origin like https://chat.example.org, without a path',
    // A host-source of a content security policy has no IPv6 address (CSP 3, 2.3.1).
    holds: value => URL.canParse(value) && new URL(value).origin === value && /^https?:[^[]*$/.test(value),
  },
  ws_url: {
    expected: 'a wss URL, or a ws URL of this machine, without user, query or fragment',
    holds(value) {
      if (!URL.canParse(value)) return false;
      const url = new URL(value);
      const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
      const inside = isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
      return bare && (url.protocol === 'wss:' || (url.protocol === 'ws:' && inside));
    },
  },
  user_id: {
    expected: 'a full Matrix user id like @focus:example.org',
    holds: value => value.length <= 255 && /^@[^:\s]+:./.test(value) && isServerName(serverNameOf(value)),
  },
  device_id: {
    expected: 'a Matrix device id: 1 to 64 letters, digits, "-", "_", "." or "="',
    holds: value => /^[\w.=-]{1,64}$/.test(value),
  },
  server_pattern: {
    expected: 'a Matrix server name like example.org, *.example.org for all below it, or "*"',
    holds: value => value === '*' || isServerName(value.replace(/^\*\./, '')),
  },
  server_name: { expected: 'a Matrix server name like example.org', holds: isServerName },
  ip: { expected: 'an IPv4 or IPv6 address, without brackets', holds: value => isIP(value) !== 0 },
  host: {
    expected: 'an IPv4 or IPv6 address without brackets, or a host name',
    holds: value => isIP(value) !== 0 || HOST_NAME.test(value),
  },
  cidr: { expected: 'an address or a network like 10.0.0.0/8 or fd00::/8', holds: isCidr },
  path: { expected: 'a path', holds: value => value.trim() !== '' && !value.includes('\0') },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;

/** The server part of a user id; empty where there is none. */
export function serverNameOf(userId: string): string {
  const colon = userId.indexOf(':');
  return colon < 0 ? '' : userId.slice(colon + 1);
}

/** Server names of the Matrix specification (appendices, "Server Name"): host or [IPv6], then perhaps a port. */
function isServerName(value: string): boolean {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(value);
  if (match?.groups === undefined) return false;
  const { v6, host, port } = match.groups;
  if (port !== undefined && Number(port) > 65_535) return false;
  return v6 === undefined ? HOST_NAME.test(host ?? '') : isIPv6(v6);
}

function isCidr(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Whether only this machine can reach a listener on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Whether `ip` stands for every address of the machine. */
export function isWildcard(ip: string): boolean {
  return ip === '0.0.0.0' || /^[0:]+$/.test(ip);
}
