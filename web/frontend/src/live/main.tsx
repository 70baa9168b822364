// The live page: /h/{ref}/live.
import { render } from "preact";
import "./live.css";
import { App } from "./app";
import { HearingContext } from "./context";
import { Hearing } from "./hearing";
import { readConfig } from "../config";
import { load } from "../i18n";

const root = document.getElementById("app");
if (root) {
  const config = readConfig(root);
  void load(config.messages_url).then(() => {
    const hearing = new Hearing(config);
    root.replaceChildren();
    render(
      <HearingContext.Provider value={hearing}>
        <App />
      </HearingContext.Provider>,
      root,
    );
    hearing.start();
  });
}
