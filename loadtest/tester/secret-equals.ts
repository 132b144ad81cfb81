import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares a secret in a time that tells nothing about it, its length included. */
export function secretEquals(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
