import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { useEffect } from 'preact/hooks';
import { listRooms, type Problem, problemOf, type RoomSummary } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import { Icon, Wordmark } from './icons.tsx';
import { parseLink } from './link.ts';
import { ProblemCard } from './problem-card.tsx';

type Listing = { kind: 'loading' } | { kind: 'ready'; rooms: RoomSummary[] } | { kind: 'failed'; problem: Problem };

/** Above this many rooms a list needs a search box. */
const EASY_TO_SCAN = 8;

export function RoomsView({ app }: { app: AppModel }): JSX.Element {
  const listing = useSignal<Listing>({ kind: 'loading' });
  const search = useSignal('');

  useEffect(() => {
    const abort = new AbortController();
    const { account } = app;
    if (account === undefined) return;
    listRooms(account, abort.signal).then(
      rooms => {
        listing.value = { kind: 'ready', rooms };
      },
      (thrown: unknown) => {
        if (!abort.signal.aborted) listing.value = { kind: 'failed', problem: problemOf(thrown) };
      },
    );
    return () => abort.abort();
  }, []);

  const enter = (roomId: string): void => {
    app.openRoom({ room: roomId, confId: undefined, via: [], homeserverUrl: undefined });
  };
  const { target } = app;
  return (
    <main class="rooms">
      <header class="bar">
        <Wordmark />
        <div class="bar-side">
          <span class="bar-user">{app.account?.self.userId}</span>
          <button class="button button-quiet" type="button" onClick={() => app.signOut()}>
            Sign out
          </button>
        </div>
      </header>
      {app.problem.value === undefined ? null : (
        <ProblemCard problem={app.problem.value}>
          {target === undefined ? null : (
            <button class="button" type="button" onClick={() => app.openRoom(target)}>
              Try again
            </button>
          )}
        </ProblemCard>
      )}
      <div class="rooms-columns">
        <section class="panel" aria-labelledby="make-title">
          <h2 id="make-title">Start a call in a new room</h2>
          <MakeRoom app={app} />
        </section>
        <section class="panel" aria-labelledby="pick-title">
          <h2 id="pick-title">Your rooms</h2>
          <OpenLink app={app} />
          {listing.value.kind === 'ready' && listing.value.rooms.length > EASY_TO_SCAN ? (
            <label class="field">
              <span>Search</span>
              <input
                type="search"
                value={search.value}
                onInput={event => {
                  search.value = event.currentTarget.value;
                }}
              />
            </label>
          ) : null}
          <RoomList listing={listing.value} search={search.value} enter={enter} />
        </section>
      </div>
    </main>
  );
}

function RoomList({
  listing,
  search,
  enter,
}: {
  listing: Listing;
  search: string;
  enter: (roomId: string) => void;
}): JSX.Element {
  switch (listing.kind) {
    case 'loading':
      return <p class="soft">Reading your rooms…</p>;
    case 'failed':
      return <ProblemCard problem={listing.problem} />;
    case 'ready': {
      const rooms = listing.rooms.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));
      if (rooms.length === 0) return <p class="soft">No rooms here yet.</p>;
      return (
        <ul class="room-list">
          {rooms.map(({ roomId, name, kind, inCall }) => (
            <li key={roomId}>
              <button class="room" type="button" onClick={() => enter(roomId)}>
                <span class="room-mark" aria-hidden="true">
                  {[...name][0]?.toUpperCase()}
                </span>
                <span class="room-name">{name}</span>
                {inCall > 0 ? <span class="badge">{inCall} in call</span> : null}
                {kind === 'invited' ? <span class="badge badge-quiet">Invited</span> : null}
              </button>
            </li>
          ))}
        </ul>
      );
    }
  }
}

function MakeRoom({ app }: { app: AppModel }): JSX.Element {
  const name = useSignal('');
  const open = useSignal(true);
  const guests = useSignal('');
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const invite = guests.value.split(/[\s,;]+/).filter(guest => /^@[^:]+:.+/.test(guest));
    app.makeRoom(name.value.trim() || 'Call', open.value, invite);
  };
  return (
    <form class="form" onSubmit={submit}>
      <label class="field">
        <span>Name</span>
        <input
          name="room-name"
          maxLength={100}
          placeholder="Tuesday catch-up"
          value={name.value}
          onInput={event => {
            name.value = event.currentTarget.value;
          }}
        />
      </label>
      <label class="field">
        <span>Invite (optional)</span>
        <input
          name="guests"
          spellcheck={false}
          placeholder="@ana:example.org, @bo:example.net"
          value={guests.value}
          onInput={event => {
            guests.value = event.currentTarget.value;
          }}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={open.value}
          onChange={event => {
            open.value = event.currentTarget.checked;
          }}
        />
        <span>Anyone with the link may join</span>
      </label>
      <button class="button button-main" type="submit" disabled={app.busy.value}>
        Make the room
      </button>
    </form>
  );
}

/** A link or an alias that somebody sent. */
function OpenLink({ app }: { app: AppModel }): JSX.Element {
  const text = useSignal('');
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const typed = text.value.trim();
    const linked = typed.includes('#/') ? parseLink(typed.slice(typed.indexOf('#/')), '').target : undefined;
    if (typed !== '') {
      app.openRoom(linked ?? { room: typed, confId: undefined, via: [], homeserverUrl: undefined });
    }
  };
  return (
    <form class="inline-form" onSubmit={submit}>
      <label class="field">
        <span>Link or address of a room</span>
        <input
          name="room-address"
          spellcheck={false}
          placeholder="#room:example.org"
          value={text.value}
          onInput={event => {
            text.value = event.currentTarget.value;
          }}
        />
      </label>
      <button class="button" type="submit" disabled={app.busy.value}>
        <Icon name="check" size={18} />
        Enter
      </button>
    </form>
  );
}
