/** Checks between keys: each alone is fine, together they cannot work (or most likely are not what was meant). */
import { isIP } from 'node:net';
import type { Problem } from './config.ts';
import { DEFAULT_MEDIA_PORT } from './media-keys.ts';
import { isLoopback, isWildcard } from './rules.ts';
import type { ConfigFile } from './schema.ts';

const HIGHEST_PORT = 65_535;

export interface Findings {
  problems: Problem[];
  warnings: Problem[];
}

export function crossCheck(file: ConfigFile): Findings {
  const findings: Findings = { problems: [], warnings: [] };
  checkListen(file, findings);
  checkPorts(file, findings);
  checkTrunkPorts(file, findings);
  checkCodecs(file, findings);
  checkHttp(file, findings);
  checkOverload(file, findings);
  checkReach(file, findings);
  checkCascade(file, findings);
  return findings;
}

function checkListen({ media }: ConfigFile, { problems }: Findings): void {
  const seen = new Set<string>();
  for (const [index, { ip, announced_address: announced }] of media.listen.entries()) {
    const path = `media.listen[${index}]`;
    if (seen.has(ip)) problems.push({ path: `${path}.ip`, message: 'is in the list twice' });
    seen.add(ip);
    if (announced === undefined) {
      if (isWildcard(ip)) {
        problems.push({
          path: `${path}.announced_address`,
          message: `is needed, because ip ${ip} stands for every address and clients must be told one`,
        });
      }
      continue;
    }
    if (isWildcard(announced)) {
      problems.push({ path: `${path}.announced_address`, message: 'must be an address that clients can reach' });
    } else if (isIP(announced) !== isIP(ip)) {
      problems.push({
        path: `${path}.announced_address`,
        message: `must be IPv${isIP(ip)}, like ip; add another entry for the other family`,
      });
    }
  }
}

function checkPorts({ http, media }: ConfigFile, { problems }: Findings): void {
  const { port, port_range: range, workers } = media;
  if (port !== undefined && range !== undefined) {
    problems.push({ path: 'media.port_range', message: 'cannot stand beside media.port; keep one of them' });
    return;
  }
  if (range !== undefined && range.min > range.max) {
    problems.push({ path: 'media.port_range.max', message: `must not be below media.port_range.min (${range.min})` });
    return;
  }
  const first = range?.min ?? (port === 0 ? undefined : port);
  const wanted = typeof workers === 'number' ? workers : 1;
  const highest = range?.max ?? HIGHEST_PORT;
  if (first !== undefined && first + wanted - 1 > highest) {
    const available = highest - first + 1;
    problems.push({
      path: 'media.workers',
      message: `each worker takes one port, so ${wanted} workers need ${wanted}; from ${first} to ${highest} there ${available === 1 ? 'is 1' : `are ${available}`}`,
    });
  }
  const last = range?.max ?? (first === undefined ? undefined : first + wanted - 1);
  if (media.tcp && first !== undefined && last !== undefined && http.listen.port !== 0) {
    const shared = media.listen.some(
      ({ ip }) => isWildcard(ip) || isWildcard(http.listen.host) || ip === http.listen.host,
    );
    if (shared && first <= http.listen.port && http.listen.port <= last) {
      problems.push({ path: 'http.listen.port', message: `is a port of media as well (${first} to ${last}, TCP)` });
    }
  }
}

function checkTrunkPorts({ media }: ConfigFile, { problems }: Findings): void {
  const { port, port_range: range, trunk_port_range: trunks, workers } = media;
  if (trunks === undefined) return;
  const path = 'media.trunk_port_range';
  if (trunks.min > trunks.max) {
    problems.push({ path: `${path}.max`, message: `must not be below ${path}.min (${trunks.min})` });
    return;
  }
  const first = range?.min ?? port ?? DEFAULT_MEDIA_PORT;
  const last = range?.max ?? first + (typeof workers === 'number' ? workers : 1) - 1;
  // A worker that is started anew must find its port.
  if (first !== 0 && trunks.min <= last && first <= trunks.max)
    problems.push({ path, message: `overlaps the ports of media (${first} to ${last})` });
}

function checkCodecs({ media: { codecs } }: ConfigFile, { problems, warnings }: Findings): void {
  for (const [index, codec] of codecs.entries()) {
    if (codecs.indexOf(codec) !== index)
      problems.push({ path: `media.codecs[${index}]`, message: 'is in the list twice' });
  }
  if (!codecs.includes('opus')) {
    warnings.push({ path: 'media.codecs', message: 'has no opus: nobody can be heard' });
  }
  if (codecs.every(codec => codec === 'opus')) {
    warnings.push({ path: 'media.codecs', message: 'has no codec for video: nobody can be seen' });
  }
}

function checkHttp({ homeserver, http }: ConfigFile, { warnings }: Findings): void {
  if (!isLoopback(http.listen.host) && http.tls === undefined && http.trusted_proxies.length === 0) {
    warnings.push({
      path: 'http.listen.host',
      message:
        'is not loopback, and there is neither http.tls nor http.trusted_proxies: browsers give no camera to a page without https',
    });
  }
  for (const key of ['url', 'public_url'] as const) {
    const value = homeserver[key];
    if (value === undefined) continue;
    const url = new URL(value);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (url.protocol === 'http:' && !isLoopback(host)) {
      warnings.push({ path: `homeserver.${key}`, message: 'is http: access tokens cross the network in the clear' });
    }
  }
}

function checkOverload({ overload }: ConfigFile, { problems }: Findings): void {
  const { refuse_at_percent: refuseAt, shed_at_percent: shedAt } = overload;
  if (shedAt > refuseAt) return;
  problems.push({
    path: 'overload.shed_at_percent',
    message: `must be above overload.refuse_at_percent (${refuseAt}): newcomers are refused before running calls get less`,
  });
}

function checkReach({ http, media, rooms }: ConfigFile, { warnings }: Findings): void {
  const served = http.public_url !== undefined || !isLoopback(http.listen.host);
  const inside = media.listen.every(({ ip, announced_address: announced }) => isLoopback(announced ?? ip));
  if (served && inside) {
    warnings.push({
      path: 'media.listen',
      message: 'is loopback only: clients on other machines load the page but get no media',
    });
  }
  if (rooms.allowed_servers?.length === 0) {
    warnings.push({ path: 'rooms.allowed_servers', message: 'is empty: the focus declines every invite' });
  }
}

function checkCascade({ cascade, http }: ConfigFile, { warnings }: Findings): void {
  if (!cascade.enabled || cascade.trunk_url !== undefined) return;
  const url = http.public_url;
  const reachable =
    url === undefined ? !isLoopback(http.listen.host) && http.tls !== undefined : url.startsWith('https:');
  if (reachable) return;
  warnings.push({
    path: 'cascade.trunk_url',
    message:
      'is not set, and http has no https URL to make it from: foci of other machines cannot make a trunk to this one',
  });
}
