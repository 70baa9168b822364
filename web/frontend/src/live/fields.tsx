// Small controls used in more than one phase.
import { useEffect, useId, useRef } from "preact/hooks";
import { useHearing } from "./context";
import { Warn } from "./icons";
import { troubleWords } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

/** The person's own picture, mirrored. */
export function SelfVideo({ label }: { label?: string }) {
  const hearing = useHearing();
  return <TrackVideo track={hearing.sending.equipment.camera.value} mirrored label={label ?? t("Your own picture")} />;
}

export function TrackVideo({ track, label, mirrored = false }: { track: MediaStreamTrack | null; label: string; mirrored?: boolean }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.muted = true;
    video.srcObject = track ? new MediaStream([track]) : null;
    if (track) void video.play().catch(() => undefined);
  }, [track]);
  return <video ref={ref} class={mirrored ? "mirrored" : ""} muted playsInline autoPlay hidden={!track} aria-label={label} />;
}

/** What is wrong with the own devices although they are open, in words. */
export function Troubles() {
  const hearing = useHearing();
  const words = hearing.sending.devices.troubles.value.map((trouble) => [trouble, troubleWords(trouble)] as const).filter(([, text]) => text);
  return (
    <>
      {words.map(([trouble, text]) => (
        <p class="problem" data-trouble={trouble} key={trouble}>
          <Warn /> {text}
        </p>
      ))}
    </>
  );
}

/** Five steps, always from left to right; the element itself is the accessible value. */
export function Meter({ value, label }: { value: number; label?: string }) {
  return (
    <span class={`lvl lvl-${value}`} dir="ltr" role={label ? "meter" : undefined} aria-hidden={label ? undefined : "true"}
      aria-label={label} aria-valuemin={label ? 0 : undefined} aria-valuemax={label ? 5 : undefined} aria-valuenow={label ? value : undefined}>
      <i /><i /><i /><i /><i />
    </span>
  );
}

export function Select(props: {
  label: string;
  value: string;
  options: { value: string; label: string; lang?: string }[];
  onChange(value: string): void;
  class?: string;
}) {
  const id = useId();
  return (
    <div class={`select ${props.class ?? ""}`}>
      <label for={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.options.map((option) => (
          <option key={option.value} value={option.value} lang={option.lang} selected={option.value === props.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Which language I hear; only booked ones that are mine to hear, and the floor as spoken. */
export function HearSelect({ view }: { view: View }) {
  const hearing = useHearing();
  const languages = view.languages.filter((language) => language.hearable);
  if (languages.length === 0) return null;
  const options = [
    { value: "", label: t("The original (floor)") },
    ...languages.map((language) => ({ value: language.lang, label: language.name, lang: language.lang })),
  ];
  return (
    <Select class="hear" label={t("I hear")} value={view.hears} options={options} onChange={(lang) => void hearing.act("hear", { lang })} />
  );
}

/** A device of one kind. */
export function DeviceSelect({ kind }: { kind: "camera" | "microphone" | "speaker" }) {
  const hearing = useHearing();
  const devices = hearing.sending.equipment.devices.value[kind];
  if (devices.length === 0) return null;
  const label = { camera: t("Camera"), microphone: t("Microphone"), speaker: t("Loudspeaker") }[kind];
  const options = devices.map((device, index) => ({
    value: device.deviceId,
    label: device.label || `${label} ${index + 1}`,
  }));
  const chosen = hearing.sending.equipment.chosen.value[kind] || options[0]?.value || "";
  const change = (id: string): void => {
    if (kind === "speaker") void hearing.sending.equipment.useSpeaker(id);
    else void hearing.sending.equipment.open(kind, id);
  };
  return <Select label={label} value={chosen} options={options} onChange={change} />;
}
