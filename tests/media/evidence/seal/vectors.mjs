// What npm knows of age, for tests in Python: its vectors, and what its library reads and writes. One JSON in, one out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.cwd()}/`));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const text = (data) => Buffer.from(data).toString("base64");

const asked = JSON.parse(readFileSync(0, "utf8"));
const answer = {};
if (asked.vectors) {
  for (const [name, data] of Object.entries(await load("cctv-age"))) answer[name] = text(data);
} else {
  const age = await load("age-encryption");
  if (asked.open) {
    const decrypter = new age.Decrypter();
    decrypter.addIdentity(asked.identity);
    answer.clear = text(await decrypter.decrypt(bytes(asked.open)));
  }
  if (asked.identity) answer.recipient = await age.identityToRecipient(asked.identity);
  if (asked.seal) {
    const encrypter = new age.Encrypter();
    for (const recipient of asked.to) encrypter.addRecipient(recipient);
    answer.sealed = text(await encrypter.encrypt(bytes(asked.seal)));
  }
}
process.stdout.write(JSON.stringify(answer));
