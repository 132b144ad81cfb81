/** Where sound is played (W3C Audio Output Devices API), as far as the browser lets a page choose. */

/** Firefox lets the person choose in a list of its own; the standard has it, the types do not. */
interface AsksForOutput {
  selectAudioOutput(): Promise<MediaDeviceInfo>;
}

/** Whether this browser can play on another device than the system's. */
export function canPickLoudspeaker(): boolean {
  return typeof HTMLMediaElement === 'function' && 'setSinkId' in HTMLMediaElement.prototype;
}

/** Devices that can be picked, the system's own choice left out; labels are empty until a permission was given. */
export async function loudspeakers(): Promise<MediaDeviceInfo[]> {
  if (!canPickLoudspeaker() || !('mediaDevices' in navigator)) return [];
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter(({ kind, deviceId }) => kind === 'audiooutput' && deviceId !== '' && deviceId !== 'default');
}

/** Plays an element's sound on a device; `''` is the system's choice. Rejects where the device is gone or not allowed. */
export async function playOn(element: HTMLMediaElement, deviceId: string): Promise<void> {
  if (!canPickLoudspeaker() || element.sinkId === deviceId) return;
  await element.setSinkId(deviceId);
}

/** Whether the browser has a list of its own, with devices that it does not tell the page unasked. */
export function canAskForLoudspeaker(): boolean {
  return canPickLoudspeaker() && 'mediaDevices' in navigator && asksForOutput(navigator.mediaDevices);
}

/** Lets the person choose in the browser's list, upon a click; `undefined` where they did not. */
export async function askForLoudspeaker(): Promise<MediaDeviceInfo | undefined> {
  const { mediaDevices } = navigator;
  if (!asksForOutput(mediaDevices)) return undefined;
  try {
    return await mediaDevices.selectAudioOutput();
  } catch {
    // The list was closed, or there is nothing in it.
    return undefined;
  }
}

function asksForOutput(devices: MediaDevices): devices is MediaDevices & AsksForOutput {
  return 'selectAudioOutput' in devices;
}
