/** Tokens for a WebSocket that the focus never gave, made of one that it did. */
import { createHmac } from 'node:crypto';
import { WebSocket } from 'ws';

const ANSWERS_WITHIN_MS = 5_000;

/** Forged tokens, each false in one way. */
export function forgedOf(token: string): string[] {
  const [head = '', body = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const of = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (header: object, key: string, hash: string): string => {
    const text = `${of(header)}.${body}`;
    return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
  };
  return [
    '',
    `${head}.${body}.`,
    `${of({ alg: 'none', typ: 'JWT' })}.${body}.`,
    `${of({ alg: 'HS512', typ: 'JWT' })}.${body}.${signature}`,
    signed({ alg: 'HS256', typ: 'JWT' }, '', 'sha256'),
    signed({ alg: 'HS256', typ: 'JWT' }, 'secret', 'sha256'),
    signed({ alg: 'HS512', typ: 'JWT' }, 'secret', 'sha512'),
    ...['sub', 'aud', 'exp'].map(claim => `${head}.${of({ ...claims, [claim]: 'another' })}.${signature}`),
    `${head}.${of({ ...claims, exp: 4_102_444_800 })}.${signature}`,
  ];
}

/** Whether the focus welcomes who says hello with this token. */
export async function isWelcome(focusUrl: string, token: string): Promise<boolean> {
  const socket = new WebSocket(`${focusUrl.replace(/^http/, 'ws')}/v1/signal`, 'weir.v1', {
    handshakeTimeout: ANSWERS_WITHIN_MS,
  });
  const late = setTimeout(() => socket.terminate(), ANSWERS_WITHIN_MS);
  try {
    return await new Promise<boolean>((resolve, reject) => {
      socket.on('open', () => socket.send(JSON.stringify({ type: 'org.weir.hello', content: { token } })));
      socket.on('message', (data: Buffer) => {
        if (data.toString().includes('"org.weir.welcome"')) resolve(true);
      });
      socket.on('close', () => resolve(false));
      socket.on('error', reject);
    });
  } finally {
    clearTimeout(late);
    socket.terminate();
  }
}
