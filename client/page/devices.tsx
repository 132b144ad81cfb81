import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import {
  askForLoudspeaker,
  canAskForLoudspeaker,
  canPickLoudspeaker,
  captureDevices,
  type CaptureKind,
  loudspeakers,
  MicrophoneLevel,
} from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import type { CallModel } from './call-model.ts';

const LABELS: Record<CaptureKind, string> = { audio: 'Microphone', video: 'Camera' };

interface Devices extends Record<CaptureKind, MediaDeviceInfo[]> {
  output: MediaDeviceInfo[];
}

async function allDevices(): Promise<Devices> {
  const [captures, output] = await Promise.all([captureDevices(), loudspeakers()]);
  return { ...captures, output };
}

/**
 * Lets a person pick camera, microphone and loudspeaker, before a call and while it runs. `full`: with the level of the
 * microphone, and with the loudspeaker where there is nothing to choose, too.
 */
export function DevicePickers({
  app,
  model,
  full = false,
}: {
  app: AppModel;
  model: CallModel;
  full?: boolean;
}): JSX.Element {
  const devices = useSignal<Devices>({ audio: [], video: [], output: [] });
  const changes = app.media.changes.value;
  const list = (): void => {
    allDevices().then(
      found => {
        devices.value = found;
      },
      () => undefined,
    );
  };
  useEffect(() => {
    list();
    if (!('mediaDevices' in navigator)) return;
    navigator.mediaDevices.addEventListener('devicechange', list);
    return () => navigator.mediaDevices.removeEventListener('devicechange', list);
    // Names of devices are told only once one of them was allowed.
  }, [changes]);
  return (
    <div class="pickers">
      <DevicePicker app={app} kind="video" devices={devices.value.video} />
      <div class="picker">
        <DevicePicker app={app} kind="audio" devices={devices.value.audio} />
        {full ? <LevelMeter app={app} /> : null}
      </div>
      {full || devices.value.output.length > 0 || canAskForLoudspeaker() ? (
        <LoudspeakerPicker model={model} devices={devices.value.output} listAgain={list} />
      ) : null}
    </div>
  );
}

function DevicePicker({
  app,
  kind,
  devices,
}: {
  app: AppModel;
  kind: CaptureKind;
  devices: MediaDeviceInfo[];
}): JSX.Element {
  const track = kind === 'audio' ? app.media.capture.audioTrack : app.media.capture.videoTrack;
  const current = track?.getSettings().deviceId ?? '';
  return (
    <label class="field">
      <span>{LABELS[kind]}</span>
      <select
        value={current}
        disabled={devices.length === 0}
        onChange={event => app.media.start(kind, event.currentTarget.value)}
      >
        {track === undefined ? <option value="">{devices.length === 0 ? 'None found' : 'Off'}</option> : null}
        {devices.map(({ deviceId, label }, index) => (
          <option key={deviceId} value={deviceId}>
            {label || `${LABELS[kind]} ${index + 1}`}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where a browser gives no choice, it says so. */
function LoudspeakerPicker({
  model,
  devices,
  listAgain,
}: {
  model: CallModel;
  devices: MediaDeviceInfo[];
  listAgain: () => void;
}): JSX.Element {
  const current = model.loudspeaker.value;
  const ask = (): void => {
    askForLoudspeaker().then(
      device => {
        if (device === undefined) return;
        model.pickLoudspeaker(device.deviceId);
        listAgain();
      },
      () => undefined,
    );
  };
  return (
    <div class="picker">
      <label class="field">
        <span>Loudspeaker</span>
        <select
          id="loudspeaker"
          value={current}
          disabled={!canPickLoudspeaker()}
          onChange={event => model.pickLoudspeaker(event.currentTarget.value)}
        >
          <option value="">System default</option>
          {devices.map(({ deviceId, label }, index) => (
            <option key={deviceId} value={deviceId}>
              {label || `Loudspeaker ${index + 1}`}
            </option>
          ))}
          {current === '' || devices.some(({ deviceId }) => deviceId === current) ? null : (
            <option value={current}>The one that was picked</option>
          )}
        </select>
      </label>
      {canAskForLoudspeaker() ? (
        <button class="link-button" type="button" onClick={ask}>
          Show more loudspeakers
        </button>
      ) : null}
    </div>
  );
}

const SEGMENTS = 24;
/** Speech lies between these levels, in dB below full scale. */
const QUIETEST_DB = -54;
const LOUDEST_DB = -12;

/** How loud the microphone is. For the eye only: it changes many times a second. */
export function LevelMeter({ app }: { app: AppModel }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  void app.media.changes.value;
  const track = app.media.capture.audioMuted ? undefined : app.media.capture.audioTrack;
  useEffect(() => {
    const meter = element.current;
    if (meter === null || track === undefined) {
      meter?.style.setProperty('--level', '0');
      return;
    }
    const microphone = new MicrophoneLevel(track);
    const timer = setInterval(() => {
      const decibels = 20 * Math.log10(Math.max(1e-5, microphone.read()));
      const share = Math.min(1, Math.max(0, (decibels - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)));
      meter.style.setProperty('--level', String(Math.round(share * SEGMENTS) / SEGMENTS));
    }, 60);
    return () => {
      clearInterval(timer);
      microphone.close();
    };
  }, [track]);
  return (
    <div
      ref={element}
      class="meter"
      role="img"
      aria-label={track === undefined ? 'Microphone off' : 'Microphone level'}
    >
      <span class="meter-fill" />
    </div>
  );
}
