/** Preferences of every Firefox that calls without a person: fake devices, and nobody is asked. */
export const FIREFOX_PREFERENCES: Readonly<Record<string, boolean | number>> = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  // Host names of .local need a resolver that is not there.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
};
