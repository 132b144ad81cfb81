/** Matrix server names (Matrix specification, appendices, "Server Name"). */
import { isIP } from 'node:net';

export interface ServerName {
  /** Without brackets and port. */
  host: string;
  port: number | undefined;
  isAddress: boolean;
}

const SHAPE = /^(?:\[(?<v6>[0-9a-fA-F:.]{2,45})\]|(?<host>[a-zA-Z0-9.-]{1,253}))(?::(?<port>\d{1,5}))?$/;

/** Undefined where the text is no server name. */
export function parseServerName(text: string): ServerName | undefined {
  const groups = SHAPE.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { v6, host = '' } = groups;
  const port = groups['port'] === undefined ? undefined : Number(groups['port']);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6, port, isAddress: true } : undefined;
  return { host, port, isAddress: isIP(host) === 4 };
}
