import { useEffect } from 'preact/hooks';
import type { AppModel } from './app-model.ts';

/** m, v, s, l and i, wherever the focus is but in fields. */
export function useShortcuts(app: AppModel): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const { target } = event;
      if (target instanceof Element && target.closest('input, select, textarea, dialog[open]')) return;
      const screen = app.screen.value;
      if (screen.kind !== 'room') return;
      switch (event.key.toLowerCase()) {
        case 'm':
          app.media.toggleMicrophone();
          return;
        case 'v':
          app.media.toggleCamera();
          return;
        case 's':
          if (app.inCall) app.media.toggleScreen();
          return;
        case 'l':
          if (app.inCall) app.messages.announce(screen.model.switchArrangement());
          return;
        case 'i':
          if (app.inCall) app.messages.announce(screen.model.toggleStatistics());
          return;
        default:
      }
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
