// What the server's page tells an island: the JSON in `data-config` of its root element.

import type { Agreed } from "./client/encoding";

export interface PageConfig {
  /** Reference of the hearing, as in the address. */
  ref: string;
  /** Token for the header `X-CSRF-Token` of every request that changes something. */
  csrf: string;
  /** BCP 47 tag of the language of the page. */
  locale?: string;
  /** Its own messages in that language (deploy/assets.py); empty in English. */
  messages_url?: string;
  /** Where a person who is signed out or has left can go. */
  home_url?: string;
  /** Pages for afterwards, of those who may read them: the minutes, the recording. */
  minutes_url?: string;
  recording_url?: string;
  /** The rights checklist, for counsel and for who conducts. */
  rights_url?: string;
  /** Where an interpreter, a witness or an expert claims their costs. */
  costs_url?: string;
  /** Telephone number of the court, shown when the line is lost. */
  help_phone?: string;
  /** What the technical agreement says of each camera and voice; without one, what the page does by itself. */
  agreed?: Agreed;
  /** Where the network test sends its requests, and is; by default the page of its hearing. */
  base?: string;
  /** Whether the page of the network test checks camera, microphone and loudspeaker too. */
  devices?: boolean;
  /** Program of what cuts howling, and of the acoustic-shock limiter through which interpreters hear. */
  limiter_url?: string;
  /** Exposes the sound graph to tests. */
  test_hooks?: boolean;
}

export function readConfig(root: HTMLElement): PageConfig {
  return JSON.parse(root.dataset["config"] ?? "{}") as PageConfig;
}
