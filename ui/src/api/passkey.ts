/** Passkeys in the browser: what the site asks for, and the authenticator's answer, both as JSON. */
import { send } from "./get";

interface Challenge {
  ticket: string;
  options: string;
}

interface Described {
  id: string;
  type: "public-key";
}

/** Whether this browser can use passkeys here: over TLS or on localhost, by a name and not by a number. */
export function passkeysWork(): boolean {
  const numbered = /^[\d.]+$/.test(location.hostname) || location.hostname.startsWith("[");
  return window.isSecureContext && !numbered && "credentials" in navigator && "PublicKeyCredential" in window;
}

/** Asks the authenticator to prove who it is; the answer goes to `to`. */
export async function provePasskey(options: string, to: string): Promise<void> {
  const { ticket, options: text } = await send<Challenge>(options);
  const asked = JSON.parse(text) as { challenge: string; rpId: string; timeout: number; userVerification: UserVerificationRequirement; allowCredentials: Described[] };
  const found = await navigator.credentials.get({
    publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: asked.allowCredentials.map(described) },
  }) as PublicKeyCredential;
  const said = found.response as AuthenticatorAssertionResponse;
  const response = { clientDataJSON: text64(said.clientDataJSON), authenticatorData: text64(said.authenticatorData), signature: text64(said.signature), userHandle: said.userHandle ? text64(said.userHandle) : null };
  await send(to, { ticket, credential: { id: found.id, rawId: text64(found.rawId), type: found.type, response, clientExtensionResults: {} } });
}

/** Makes a passkey for whoever is signed in. */
export async function makePasskey(label: string): Promise<void> {
  const { ticket, options: text } = await send<Challenge>("/api/account/passkeys/options");
  const asked = JSON.parse(text) as { challenge: string; user: { id: string; name: string; displayName: string }; excludeCredentials: Described[] } & Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials">;
  const made = await navigator.credentials.create({
    publicKey: { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) }, excludeCredentials: asked.excludeCredentials.map(described) },
  }) as PublicKeyCredential;
  const said = made.response as AuthenticatorAttestationResponse;
  const response = { clientDataJSON: text64(said.clientDataJSON), attestationObject: text64(said.attestationObject) };
  await send("/api/account/passkeys", { ticket, label, credential: { id: made.id, rawId: text64(made.rawId), type: made.type, response, clientExtensionResults: {} } });
}

function described(one: Described): PublicKeyCredentialDescriptor {
  return { type: one.type, id: bytes(one.id) };
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text64(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
