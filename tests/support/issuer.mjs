// An OpenID Connect issuer for tests: npm `oidc-provider`, whose sign-in form is already filled in. Told to, it lies in
// the ID token it gives out, under its own key where the lie is not about the key.
//
//   node issuer.mjs NODE_MODULES CONFIGURATION
import { createSign, generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

const [modules, text] = process.argv.slice(2);
const library = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`).href);
const Provider = library.Provider ?? library.default;
const { issuer, clients } = JSON.parse(text);

const made = (kid) => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { kid, privateKey, publicJwk: { ...publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" } };
};
const own = made("own");
const next = made("next");
const foreign = made("own");
const state = { subject: "subject-1", lie: "", claims: {} };

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
function signed(header, claims, key) {
  const body = `${base64url(header)}.${base64url(claims)}`;
  return `${body}.${header.alg === "none" ? "" : createSign("sha256").update(body).sign(key.privateKey, "base64url")}`;
}
const now = () => Math.floor(Date.now() / 1000);
const LIES = {
  issuer: (header, claims) => signed(header, { ...claims, iss: "https://login.example.net" }, own),
  audience: (header, claims) => signed(header, { ...claims, aud: "another-client" }, own),
  "audience of two": (header, claims) => signed(header, { ...claims, aud: [claims.aud, "another-client"] }, own),
  "authorised party": (header, claims) => signed(header, { ...claims, azp: "another-client" }, own),
  nonce: (header, claims) => signed(header, { ...claims, nonce: "another" }, own),
  "no nonce": (header, { nonce, ...claims }) => signed(header, claims, own),
  expiry: (header, claims) => signed(header, { ...claims, exp: now() - 120, iat: now() - 600 }, own),
  future: (header, claims) => signed(header, { ...claims, iat: now() + 600 }, own),
  signature: (header, claims) => signed(header, claims, foreign),
  "unknown key": (header, claims) => signed({ ...header, kid: "unheard-of" }, claims, foreign),
  none: (header, claims) => signed({ ...header, alg: "none" }, claims, own),
  "shared secret": (header, claims) => signed({ ...header, alg: "HS256" }, claims, own),
  "old sign-in": (header, claims) => signed(header, { ...claims, auth_time: now() - 600 }, own),
  "sign-in to come": (header, claims) => signed(header, { ...claims, auth_time: now() + 600 }, own),
  "no time of sign-in": (header, { auth_time, ...claims }) => signed(header, claims, own),
  "no subject": (header, { sub, ...claims }) => signed(header, claims, own),
  garbage: () => "a.b.c",
  rotated: (header, claims) => signed({ ...header, kid: "next" }, claims, next),
};

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [{ ...own.privateKey.export({ format: "jwk" }), kid: "own", use: "sig", alg: "RS256" }] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
  cookies: { keys: ["only for tests"] },
  ttl: { Interaction: 600, Session: 600, Grant: 600 },
});
provider.on("server_error", (_ctx, error) => console.error(error));
provider.use(async (ctx, following) => {
  if (ctx.path === "/_say") {
    Object.assign(state, Object.fromEntries(ctx.URL.searchParams));
    state.claims = JSON.parse(ctx.URL.searchParams.get("claims") ?? "{}");
    ctx.body = "said";
    return;
  }
  if (ctx.path.startsWith("/interaction/")) {
    await provider.interactionDetails(ctx.req, ctx.res);
    const result = state.lie === "refused" ? { error: "access_denied" } : { login: { accountId: state.subject } };
    await provider.interactionFinished(ctx.req, ctx.res, result);
    ctx.respond = false;
    return;
  }
  await following();
  if (ctx.path === "/jwks" && state.lie === "rotated") ctx.body = { keys: [next.publicJwk] };
  if (ctx.path === "/token" && ctx.body?.id_token) {
    const [header, claims] = ctx.body.id_token.split(".").slice(0, 2).map((part) =>
      JSON.parse(Buffer.from(part, "base64url")));
    const said = { ...claims, ...state.claims };
    ctx.body = { ...ctx.body, id_token: (LIES[state.lie] ?? ((h, c) => signed(h, c, own)))(header, said) };
  }
  if (ctx.path === "/.well-known/openid-configuration" && state.lie === "keys elsewhere") {
    ctx.body = { ...ctx.body, jwks_uri: "https://keys.example.net/jwks" };
  }
  if (ctx.path === "/.well-known/openid-configuration" && state.lie === "another issuer") {
    ctx.body = { ...ctx.body, issuer: "https://login.example.net" };
  }
});
const server = provider.listen(Number(new URL(issuer).port), "127.0.0.1");
server.on("listening", () => console.log("listening"));
