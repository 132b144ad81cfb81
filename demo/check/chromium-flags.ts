/** Flags of every Chromium that calls without a person, whatever its fake camera: little else runs, and nobody is asked. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // Chromium would hide local addresses behind mDNS names, which nothing here resolves.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // All pages are looked at: none may be slowed down for being in the back.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];
