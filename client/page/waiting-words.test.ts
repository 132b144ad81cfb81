import { expect, it } from 'vitest';
import { waitingWords } from './waiting-words.ts';

it('a picture that waits says for what: the link, or the server', () => {
  const words = (['bandwidth', 'overload', 'hidden', 'no_layer'] as const).map(
    reason => waitingWords({ kind: 'paused', reason })?.sign,
  );
  expect(words).toEqual(['Waiting for bandwidth', 'The server is busy', undefined, undefined]);
  expect(waitingWords({ kind: 'layer', layer: 0 })).toBeUndefined();
  expect(waitingWords(undefined)).toBeUndefined();
});
