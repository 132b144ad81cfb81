import { describe, expect, it } from 'vitest';
import { isOfServers } from './server-patterns.ts';

describe('isOfServers', () => {
  it.each([
    [['*'], '@a:anything.example', true],
    [['example.org'], '@a:example.org', true],
    [['example.org'], '@a:EXAMPLE.org', true],
    [['Example.Org'], '@a:example.org', true],
    [['example.org'], '@a:example.org:8448', true],
    [['example.org:8448'], '@a:example.org:8448', true],
    [['example.org:8448'], '@a:example.org', false],
    [['example.org'], '@a:example.org.evil.net', false],
    [['example.org'], '@a:sub.example.org', false],
    [['example.org'], '@a:notexample.org', false],
    [['*.example.org'], '@a:sub.example.org', true],
    [['*.example.org'], '@a:deep.sub.example.org:443', true],
    [['*.example.org'], '@a:example.org', false],
    [['*.example.org'], '@a:.example.org', false],
    [['*.example.org'], '@a:evilexample.org', false],
    [['other.org', 'example.org'], '@a:example.org', true],
    [['[::1]'], '@a:[::1]:8008', true],
    [[], '@a:example.org', false],
    [['*'], undefined, false],
    [['*'], 'no id', false],
    [['*'], '@a:', false],
  ])('%j, %s: %s', (patterns, inviter, expected) => {
    expect(isOfServers(patterns, inviter)).toBe(expected);
  });
});
