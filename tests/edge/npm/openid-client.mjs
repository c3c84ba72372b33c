// A client of the authorization server, as npm's openid-client is one: it finds everything by discovery, checks every
// signature, and asks for nothing but an address to start from. It talks to the test in lines of JSON: what somebody at
// a browser has to do goes out, what came of it comes in.

import { createInterface } from "node:readline";
import * as client from "openid-client";

const [issuer, flow, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const say = (said) => console.log(JSON.stringify(said));
const hear = async () => JSON.parse((await lines.next()).value);

const config = await client.discovery(
  new URL(issuer),
  clientId,
  undefined,
  clientSecret === "" ? client.None() : client.ClientSecretBasic(clientSecret),
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
);

async function afterwards(tokens) {
  const claims = tokens.claims();
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  const active = clientSecret === "" ? null : (await client.tokenIntrospection(config, renewed.access_token)).active;
  await client.tokenRevocation(config, renewed.refresh_token);
  const after = await client.refreshTokenGrant(config, renewed.refresh_token).catch((refused) => refused.error);
  return { sub: claims.sub, name: info.name, renewed: renewed.access_token, active, after };
}

const flows = {
  async code() {
    const verifier = client.randomPKCECodeVerifier();
    const [state, nonce] = [client.randomState(), client.randomNonce()];
    const address = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: "openid profile watch",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
    say({ open: address.href });
    const { back } = await hear();
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
    // Another server's answer is no answer (a mix-up, RFC 9207).
    const mixed = new URL(back);
    mixed.searchParams.set("iss", "https://evil.example");
    const mixUp = await client.authorizationCodeGrant(config, mixed, checks).catch((refused) => refused.code);
    return { mixUp, ...(await afterwards(await client.authorizationCodeGrant(config, new URL(back), checks))) };
  },
  async device() {
    const codes = await client.initiateDeviceAuthorization(config, { scope: "openid profile watch" });
    say({ enter: codes.user_code, at: codes.verification_uri_complete, interval: codes.interval });
    return afterwards(await client.pollDeviceAuthorizationGrant(config, codes));
  },
  async service() {
    const tokens = await client.clientCredentialsGrant(config, { scope: "watch" });
    const { active } = await client.tokenIntrospection(config, tokens.access_token);
    return { active, scope: tokens.scope };
  },
};

say({ done: await flows[flow]() });
process.exit(0);
