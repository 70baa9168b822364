// The transcripts that are kept with a recording, to choose from: on the page of correction, and in the player's search.

import { t } from "../i18n";
import { Dates, TimePair } from "../player/times";
import type { Place } from "../player/words";
import type { KeptTranscript } from "./derived";

/** What is known of them: `list` null until the worker has opened them, `problem` why it could not. */
export interface Kept {
  list: KeptTranscript[] | null;
  problem: string;
}

interface Props {
  list: KeptTranscript[];
  places: Place[];
  /** What the button does, in words that name the person. */
  action: (person: string) => string;
  onTake: (one: KeptTranscript) => void;
}

export function KeptList({ list, places, action, onTake }: Props) {
  return (
    <ul class="transcript-kept">
      {list.map((one) => (
        <li key={`${one.at}`}>
          <span><bdi>{one.person}</bdi> · <Dates at={one.at} places={places} /> <TimePair at={one.at} places={places} offsets /></span>
          {one.closed > 0 && <span class="sub">{t("A part is of a closed session that your key does not open.")}</span>}
          {one.lost > 0 && <span class="sub">{t("A part is not there any more, or is not what was kept.")}</span>}
          {one.texts.length > 0 && <button type="button" class="button second" onClick={() => onTake(one)}>{action(one.person)}</button>}
        </li>
      ))}
    </ul>
  );
}
