import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { AppModel } from './app-model.ts';
import type { CallModel } from './call-model.ts';
import { CopyLink } from './grid-view.tsx';
import { Icon } from './icons.tsx';

/** What is needed more seldom; the browser closes it by Escape or a click beside it. */
export function CallMenu({ app, model }: { app: AppModel; model: CallModel }): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  return (
    <>
      <button id="more" class="bar-button" type="button" popovertarget="call-menu" aria-label="More" title="More">
        <Icon name="more" size={22} />
      </button>
      <div ref={menu} id="call-menu" class="menu" popover="auto">
        <button
          id="statistics"
          class="menu-item"
          type="button"
          aria-pressed={model.statistics.isOpen.value}
          aria-keyshortcuts="i"
          onClick={() => {
            app.messages.announce(model.toggleStatistics());
            menu.current?.hidePopover();
          }}
        >
          <Icon name="statistics" size={20} />
          <span class="menu-text">Statistics</span>
          {model.statistics.isOpen.value ? <Icon name="check" size={18} /> : <kbd>i</kbd>}
        </button>
        <div class="menu-narrow">
          <CopyLink app={app} />
        </div>
        <p class="menu-keys">
          <kbd>m</kbd> microphone <kbd>v</kbd> camera <kbd>s</kbd> screen <kbd>l</kbd> layout
        </p>
      </div>
    </>
  );
}
