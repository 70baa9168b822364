// The one hearing of this page, for every component.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Hearing } from "./hearing";

export const HearingContext = createContext<Hearing | null>(null);

export function useHearing(): Hearing {
  const hearing = useContext(HearingContext);
  if (!hearing) throw new Error("no hearing");
  return hearing;
}
