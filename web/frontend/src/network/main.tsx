// The page of the network test: /h/{ref}/network, and /own-test with a check of the devices. The results are the server's
// to show.
import { effect } from "@preact/signals";
import { render } from "preact";
import { readConfig } from "../config";
import { load, t } from "../i18n";
import { DeviceCheck, Devices } from "./devices";
import { NetworkTest, Progress } from "./doctor";
import { baseOf } from "./probe";

const root = document.getElementById("network-test") as HTMLElement;
const config = readConfig(root);
const again = root.dataset["again"] === "yes";
await load(config.messages_url);
const check = config.devices ? new DeviceCheck() : null;
const test = new NetworkTest(config, () => check?.report() ?? null);

function App() {
  return (
    <div>
      {check && <Devices check={check} />}
      {check && <h2>{t("Test the network")}</h2>}
      {check ? <Progress test={test} idle={t("Nothing is recorded. The test takes half a minute; the court sees its result.")} /> : <Progress test={test} />}
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
  if (test.verdict.value) window.location.assign(baseOf(config));
});
