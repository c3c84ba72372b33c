// A certified OpenID provider, npm's oidc-provider, with people whose names say what it knows of them: `unproved-…` has
// an address that nobody confirmed, `silent-…` has none. It prints its port, and keeps everything in memory.

import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);

const holder = createServer().listen(0, "127.0.0.1");
await once(holder, "listening");
const { port } = holder.address();
holder.close();
await once(holder, "close");

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "locale"] },
  pkce: { required: () => true },
  async findAccount(_context, id) {
    return {
      accountId: id,
      async claims() {
        const email = id.startsWith("silent-") ? {} : { email: `${id}@people.example`, email_verified: !id.startsWith("unproved-") };
        return { sub: id, name: `Name of ${id}`, locale: "de-AT", ...email };
      },
    };
  },
  async loadExistingGrant(context) {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

const server = provider.listen(port, "127.0.0.1");
await once(server, "listening");
console.log(JSON.stringify({ port }));
