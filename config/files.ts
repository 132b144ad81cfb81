/** What the configuration names in the file system and the environment: secrets, certificates, directories. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Credentials, Problem } from './config.ts';
import type { Findings } from './cross-checks.ts';
import type { ConfigFile } from './schema.ts';
import { Secret } from './secret.ts';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const MAX_SECRET_BYTES = 16_384;

interface Source {
  kind: Credentials['kind'];
  fileKey: 'access_token_file' | 'password_file';
  variable: 'WEIR_ACCESS_TOKEN' | 'WEIR_PASSWORD';
}

const SOURCES: readonly Source[] = [
  { kind: 'token', fileKey: 'access_token_file', variable: 'WEIR_ACCESS_TOKEN' },
  { kind: 'password', fileKey: 'password_file', variable: 'WEIR_PASSWORD' },
];

/** Exactly one secret, from a file or the environment; `undefined` with a finding otherwise. */
export function readCredentials(
  { homeserver }: ConfigFile,
  directory: string,
  env: Environment,
  findings: Findings,
): Credentials | undefined {
  const given = SOURCES.flatMap(source => {
    const file = homeserver[source.fileKey];
    const variable = env[source.variable];
    return [
      ...(file === undefined
        ? []
        : [{ source, from: 'file' as const, name: `homeserver.${source.fileKey}`, text: file }]),
      ...(variable === undefined || variable === ''
        ? []
        : [{ source, from: 'environment' as const, name: source.variable, text: variable }]),
    ];
  });
  const [first] = given;
  if (first === undefined) {
    findings.problems.push({
      path: 'homeserver',
      message:
        'has no access token and no password: set homeserver.access_token_file or homeserver.password_file, or the environment variable WEIR_ACCESS_TOKEN or WEIR_PASSWORD',
    });
    return undefined;
  }
  if (given.length > 1) {
    findings.problems.push({
      path: 'homeserver',
      message: `has several secrets (${given.map(({ name }) => name).join(', ')}); keep one of them`,
    });
  }
  const texts = given.map(({ source, from, name, text }) => ({
    source,
    secret: cleanSecret(
      name,
      from === 'file' ? readSecretFile(name, resolve(directory, text), findings) : text,
      findings,
    ),
  }));
  const [one] = texts;
  if (one?.secret === undefined) return undefined;
  return one.source.kind === 'token'
    ? { kind: 'token', accessToken: one.secret }
    : { kind: 'password', password: one.secret };
}

function readSecretFile(path: string, file: string, { problems, warnings }: Findings): string | undefined {
  try {
    const found = statSync(file);
    if (found.size > MAX_SECRET_BYTES) {
      problems.push({ path, message: `must name a file of at most ${MAX_SECRET_BYTES} bytes` });
      return undefined;
    }
    if ((found.mode & 0o007) !== 0) {
      warnings.push({ path, message: 'names a file that every user of this machine can open; chmod it to 600' });
    }
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    problems.push({ path, message: `names a file that cannot be read (${systemCode(thrown)})` });
    return undefined;
  }
}

function cleanSecret(path: string, text: string | undefined, { problems }: Findings): Secret | undefined {
  if (text === undefined) return undefined;
  // Editors and `echo` end a file with a newline; a password may well begin or end with a space.
  const line = text.replace(/\r?\n$/, '');
  if (line.trim() === '') {
    problems.push({ path, message: 'is empty' });
    return undefined;
  }
  if (/[\r\n\0]/.test(line)) {
    problems.push({ path, message: 'must hold the secret alone, on one line' });
    return undefined;
  }
  return new Secret(line);
}

/** Reports certificates, pages and programs that are not there. */
export function checkFiles({ http, media }: ConfigFile, directory: string, problems: Problem[]): void {
  const readable = (path: string, file: string | undefined, mode: number): void => {
    if (file === undefined) return;
    try {
      accessSync(resolve(directory, file), mode);
    } catch (thrown) {
      problems.push({ path, message: `names something that cannot be used (${systemCode(thrown)})` });
    }
  };
  readable('http.tls.cert_file', http.tls?.cert_file, constants.R_OK);
  readable('http.tls.key_file', http.tls?.key_file, constants.R_OK);
  readable('http.page.dir', http.page.enabled ? http.page.dir : undefined, constants.R_OK | constants.X_OK);
  readable('media.worker_bin', media.worker_bin, constants.X_OK);
}

/** ENOENT and its like, in words where there are some. Never the path: a token may stand there by mistake. */
export function systemCode(thrown: unknown): string {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return typeof code === 'string' ? code : 'unknown error';
  }
}
