import { expect, test } from 'vitest';
import { describeStatus, missingPackages } from './system-packages.ts';

test.each([
  ['dlstatus:3:41.7:Retrieving file 3 of 8 (12s remaining)', 'downloading, 42 %'],
  ['pmstatus:libuv1-dev:66.6667:Unpacking libuv1-dev', 'installing, 67 %'],
  ['pmstatus:libc6:amd64:10:Configuring', undefined],
  ['media-change: Label : Drive', undefined],
  ['', undefined],
])('apt says %j', (line, told) => {
  expect(describeStatus(line)).toBe(told);
});

test('a package that nobody has is missing, the package manager itself is not', async () => {
  expect(await missingPackages(['dpkg', 'no-such-package-of-weir'])).toEqual(['no-such-package-of-weir']);
  expect(await missingPackages(['no-such-package-of-weir'])).toEqual(['no-such-package-of-weir']);
  expect(await missingPackages([])).toEqual([]);
});
