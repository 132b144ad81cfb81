import type { JSX } from 'preact';

const PATHS = {
  microphone: 'M12 3.500a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3ZM5.5 11.500a6.5 6.5 0 0 0 13 0M12 18v3',
  microphoneOff:
    'M15 10V6.500a3 3 0 0 0-5.8-1.100M9 9.500v2a3 3 0 0 0 4.6 2.600M5.5 11.500a6.5 6.5 0 0 0 10.3 5.300M18.5 11.500a6.5 6.5 0 0 1-.8 3.100M12 18v3M4 3.500l16.5 17',
  camera: 'M4.5 6.500h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM15.5 11l6-3.500v9l-6-3.5',
  cameraOff:
    'M9 6.500h4.500a2 2 0 0 1 2 2V12m0 1 6 3.500v-9l-5 2.900M15.2 16.700a2 2 0 0 1-1.7.8h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h.5M3.5 3.500l17 17',
  screen:
    'M4.5 4.500h15a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-15a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2ZM8 20h8M12 13.500v-6M9.3 10 12 7.300l2.7 2.7',
  screenOff:
    'M4.5 4.500h15a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-15a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2ZM8 20h8M9.7 8.200l4.6 4.600M14.3 8.200l-4.6 4.6',
  leave:
    'M3 14.500c0-3 4-5.5 9-5.500s9 2.5 9 5.500v1.200a1 1 0 0 1-1.2 1l-3.4-.7a1 1 0 0 1-.8-.9l-.2-2.200a11.5 11.5 0 0 0-6.8 0l-.2 2.200a1 1 0 0 1-.8.900l-3.4.7a1 1 0 0 1-1.2-1Z',
  link: 'M10 14a4 4 0 0 0 5.7 0l3.3-3.300a4 4 0 0 0-5.7-5.700l-1.3 1.300M14 10a4 4 0 0 0-5.7 0L5 13.300A4 4 0 0 0 10.7 19l1.3-1.3',
  settings:
    'M4 7h9M19 7h1M4 17h1M11 17h9M16 4.700a2.3 2.3 0 1 1 0 4.6 2.3 2.3 0 0 1 0-4.600ZM8 14.700a2.3 2.3 0 1 1 0 4.6 2.3 2.3 0 0 1 0-4.600Z',
  person: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM4.5 20.500a7.5 7.5 0 0 1 15 0',
  enlarge: 'M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7',
  shrink: 'M20 10h-6V4M14 10l6.5-6.500M4 14h6v6M10 14l-6.5 6.5',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'M5 12.500l4.5 4.500L19 7.5',
  back: 'M19 12H5M11 6l-6 6 6 6',
  voice: 'M5 10v4M9.700 6.500v11M14.300 9v6M19 10.500v3',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 9.200a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.600Z',
  waiting: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM12 8v4.200l2.8 1.8',
  lock: 'M7 10.500h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM8 10.500V7.500a4 4 0 0 1 8 0v3',
  lockChecked:
    'M7 10.500h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM8 10.500V7.500a4 4 0 0 1 8 0v3M9.200 15.600l2 2 3.600-3.800',
  lockOpen:
    'M7 10.500h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM8 10.500V6.500a4 4 0 0 1 7.700-1.500',
  lockBroken:
    'M11 10.500h6a2 2 0 0 1 2 2v4M17.300 20.500H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2h.300M8.500 5.500A4 4 0 0 1 16 7.500v3M3.500 3.500l17 17',
  gallery: 'M4.500 4.500h6v6h-6ZM13.500 4.500h6v6h-6ZM4.500 13.500h6v6h-6ZM13.500 13.500h6v6h-6Z',
  speakerView: 'M3.500 5h11.500v14H3.500ZM18 5h2.500v3H18ZM18 10.500h2.500v3H18ZM18 16h2.500v3H18Z',
  more: 'M5 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0ZM11.300 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0ZM17.600 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0Z',
  statistics: 'M4 19.500h16M4 15.500l4.500-5 3.500 3 4-6.500 4 4.500',
  pin: 'M9 4.500h6l-.700 6 3.200 3.500H6.500l3.200-3.500ZM12 14v6',
  unverified: 'M12 4 21 19.500H3ZM12 10v4.500M12 17.200h.01',
  unknown:
    'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM9.800 10a2.300 2.300 0 1 1 3.300 2.100c-.700.400-1.100.800-1.100 1.600M12 16.400h.01',
  drop: 'M12 3.500s6 6.3 6 10.500a6 6 0 0 1-12 0c0-4.2 6-10.5 6-10.500Z',
} as const;

export type IconName = keyof typeof PATHS;

/** An icon that says nothing to a screen reader: the words stand beside it or in a label. */
export function Icon({ name, size = 24 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The name of the house, with its sill of water. */
export function Wordmark({ large = false }: { large?: boolean }): JSX.Element {
  return (
    <span class={large ? 'wordmark wordmark-large' : 'wordmark'}>
      <svg viewBox="0 0 40 26" width={large ? 60 : 34} height={large ? 39 : 22} aria-hidden="true" focusable="false">
        <g fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round">
          <path d="M2 5h14c5 0 5.5 3.5 6.5 6.500S25 17.5 29 17.500h9" />
          <path d="M2 11.500h9.500c4 0 4.8 2.3 5.5 5" opacity="0.6" />
          <path d="M18 24c2.5 0 2.5-1.8 5-1.800s2.5 1.8 5 1.8 2.5-1.8 5-1.8 2.5 1.8 5 1.8" opacity="0.6" />
        </g>
      </svg>
      <span>weir</span>
    </span>
  );
}
