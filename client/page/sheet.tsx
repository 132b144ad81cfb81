import type { ComponentChildren, JSX, RefObject } from 'preact';

/** A panel over the call, opened by `showModal()`; Escape, "Done" and a click beside it close it. */
export function Sheet({
  sheet,
  id,
  title,
  children,
}: {
  sheet: RefObject<HTMLDialogElement | null>;
  id: string;
  title: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <dialog
      ref={sheet}
      id={id}
      class="sheet"
      aria-labelledby={`${id}-title`}
      onClick={event => {
        // What is in it fills it: what is clicked otherwise is the backdrop.
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <form method="dialog">
        <h2 id={`${id}-title`}>{title}</h2>
        <div class="sheet-body">{children}</div>
        <button class="button button-main" type="submit">
          Done
        </button>
      </form>
    </dialog>
  );
}
