// Which controls this page has now, and where each stands: in sight, or in the menu "More controls" (bar.ts).
import { useEffect, useState } from "preact/hooks";
import { MOST, MOST_NARROW, arrange, moment, offers, type Control, type Offers } from "./bar";
import { useHearing } from "./context";
import type { View } from "../messages";

/** Whether the window is as narrow as a telephone's, or as one at 400 % zoom. */
function useNarrow(): boolean {
  const [query] = useState(() => window.matchMedia("(max-width: 30rem)"));
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const change = (): void => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, [query]);
  return narrow;
}

export interface Shown {
  given: Offers;
  bar: Control[];
  menu: Control[];
}

export function useShown(view: View): Shown {
  const hearing = useHearing();
  const self = hearing.me.value;
  const given = offers(view, self);
  return { given, ...arrange(self?.role ?? "", moment(view.status), given, useNarrow() ? MOST_NARROW : MOST) };
}
