// The page of the network test: /h/{ref}/network. The results are the server's to show.
import { effect } from "@preact/signals";
import { render } from "preact";
import { readConfig } from "../config";
import { load, t } from "../i18n";
import { NetworkTest, Progress } from "./doctor";

const root = document.getElementById("network-test") as HTMLElement;
const config = readConfig(root);
const again = root.dataset["again"] === "yes";
await load(config.messages_url);
const test = new NetworkTest(config);

function App() {
  return (
    <div>
      <Progress test={test} />
      <div class="actions">
        <button type="button" class="button" aria-disabled={test.busy.value} onClick={() => void test.run()}>
          {again ? t("Test again") : t("Test the network")}
        </button>
      </div>
    </div>
  );
}

root.replaceChildren();
render(<App />, root);
effect(() => {
  if (test.verdict.value) window.location.assign(`/h/${encodeURIComponent(config.ref)}/network`);
});
