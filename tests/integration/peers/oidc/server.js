// A company's sign-in for tests: whoever names an account of PEOPLE is that person. Prints its port.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const PEOPLE = {
  anna: { preferred_username: "anna", name: "Anna Ek", groups: ["ops"] },
  eve: { preferred_username: "eve", name: "Eve", groups: ["guests"] },
};

const server = createServer((request, response) => handle(request, response));
let handle = (_, response) => response.end();

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const provider = new Provider(`http://localhost:${port}`, {
    // without a secret, with PKCE; at the loopback any port is ours (RFC 8252, 7.3)
    clients: [{
      client_id: "isthmus",
      application_type: "native",
      token_endpoint_auth_method: "none",
      redirect_uris: ["http://127.0.0.1/api/sign-in/company/back"],
    }],
    claims: { openid: ["sub"], profile: ["preferred_username", "name", "groups"] },
    conformIdTokenClaims: false,
    findAccount: (_, sub) => PEOPLE[sub] && { accountId: sub, claims: () => ({ sub, ...PEOPLE[sub] }) },
    cookies: { keys: [crypto.randomUUID()] },
  });
  handle = provider.callback();
  console.log(port);
});
