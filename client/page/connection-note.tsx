import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConnectionNote } from './connection-words.ts';

/** Lies over the pictures, so that nothing moves when it comes and goes; a moment of trouble passes before it is seen. */
export function ConnectionNoteView({ note }: { note: ConnectionNote }): JSX.Element {
  return (
    <p class={`connection-note connection-note-${note.tone}`} id="connection-note" role="status" key={note.text}>
      {note.text}
      {note.since === undefined ? null : <Seconds since={note.since} />}
    </p>
  );
}

/** Not for screen readers: they would read every second. */
function Seconds({ since }: { since: number }): JSX.Element {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="connection-seconds" aria-hidden="true">
      ({Math.max(1, Math.round((now - since) / 1_000))} s)
    </span>
  );
}
