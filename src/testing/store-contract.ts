import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOfSession, type OpenSession } from '../session.ts';
import type { Store } from '../ports.ts';

/** A place where stores are opened one after the other, as runs of a focus do. */
export interface StorePlace {
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

/** A session that differs in everything by its number. */
export function openSession(number: number): OpenSession {
  return {
    conference: { roomId: `!room${number}:example.org`, confId: `conf ${number}` },
    session: { userId: `@user${number}:example.org`, deviceId: `D"EVICE${number}`, sessionId: `s\n${number}` },
    callId: `call-${number}-é`,
  };
}

/** What every store has to do; `makePlace` is called for each test. */
export function describeStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name} as a store`, () => {
    let place: StorePlace;
    let store: Store;

    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
    });
    afterEach(async () => {
      await store.close();
      await place.dispose();
    });

    const reopen = async (): Promise<void> => {
      await store.close();
      store = await place.open();
    };

    it('is empty at first', async () => {
      expect(await store.load()).toEqual({ sync: undefined, sessions: [] });
    });

    it('gives back sessions and position after a restart', async () => {
      await store.rememberSession(openSession(1));
      await store.rememberSession(openSession(2));
      await store.rememberSync({ since: 's1_2_3', at: 1_700_000_000_123 });
      await reopen();
      const state = await store.load();
      expect(state.sync).toEqual({ since: 's1_2_3', at: 1_700_000_000_123 });
      expect(state.sessions).toHaveLength(2);
      expect(state.sessions).toEqual(expect.arrayContaining([openSession(1), openSession(2)]));
    });

    it('shows what was remembered without a restart, too', async () => {
      await store.rememberSession(openSession(1));
      expect((await store.load()).sessions).toEqual([openSession(1)]);
    });

    it('forgets a session for good, and only that one', async () => {
      await store.rememberSession(openSession(1));
      await store.rememberSession(openSession(2));
      await store.forgetSession(keyOfSession(openSession(1).session));
      expect((await store.load()).sessions).toEqual([openSession(2)]);
      await reopen();
      expect((await store.load()).sessions).toEqual([openSession(2)]);
    });

    it('takes forgetting what it does not know for done', async () => {
      await store.forgetSession(keyOfSession(openSession(7).session));
      expect((await store.load()).sessions).toEqual([]);
    });

    it('keeps one entry per session, the latest', async () => {
      await store.rememberSession(openSession(1));
      await store.rememberSession({ ...openSession(1), callId: 'second' });
      await reopen();
      expect((await store.load()).sessions).toEqual([{ ...openSession(1), callId: 'second' }]);
    });

    it('keeps a session that was forgotten and came again', async () => {
      await Promise.all([
        store.rememberSession(openSession(1)),
        store.forgetSession(keyOfSession(openSession(1).session)),
        store.rememberSession(openSession(1)),
      ]);
      await reopen();
      expect((await store.load()).sessions).toEqual([openSession(1)]);
    });

    it('keeps the latest of many positions given at once, and every session between them', async () => {
      const numbers = Array.from({ length: 50 }, (_, number) => number);
      await Promise.all(
        numbers.flatMap(number => [
          store.rememberSync({ since: `s${number}`, at: number }),
          store.rememberSession(openSession(number)),
        ]),
      );
      await reopen();
      const state = await store.load();
      expect(state.sync).toEqual({ since: 's49', at: 49 });
      expect(state.sessions).toHaveLength(50);
    });

    it('does not hand out what it keeps', async () => {
      const session = openSession(1);
      await store.rememberSession(session);
      session.callId = 'changed afterwards';
      const [loaded] = (await store.load()).sessions;
      if (loaded !== undefined) loaded.conference.confId = 'changed as well';
      expect((await store.load()).sessions).toEqual([openSession(1)]);
    });

    it('waits on close for what is being written, then refuses more', async () => {
      const written = store.rememberSession(openSession(1));
      await store.close();
      await written;
      await expect(store.rememberSession(openSession(2))).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
      await expect(store.forgetSession(keyOfSession(openSession(1).session))).rejects.toMatchObject({
        code: 'WEIR_STORE_FAILED',
      });
      await expect(store.rememberSync({ since: 's', at: 1 })).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
      await store.close();
      store = await place.open();
      expect((await store.load()).sessions).toEqual([openSession(1)]);
    });

    it('belongs to one at a time', async () => {
      await expect(place.open()).rejects.toMatchObject({ code: 'WEIR_STORE_FAILED' });
      await reopen();
      expect(await store.load()).toEqual({ sync: undefined, sessions: [] });
    });
  });
}
