// A vendor's secret while it is being typed, and as it is sent: a key, a key pair, or a key file. Pure.
import type { Vendor } from "../api/shapes";

/** How the secret is given: one line, the two halves of a pair, or JSON as it is. */
export type SecretForm = "key" | "pair" | "file" | "json";

export interface SecretDraft {
  form: SecretForm;
  key: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  text: string;
}

/** What each vendor takes, the usual first. */
export const FORMS: Record<Vendor, SecretForm[]> = {
  openai: ["key"],
  azure: ["key"],
  anthropic: ["key"],
  gemini: ["key"],
  vertex: ["file"],
  bedrock: ["pair", "key"],
  litellm: ["key", "json"],
  fake: ["key"],
};

export function emptySecret(vendor: Vendor): SecretDraft {
  return {
    form: FORMS[vendor][0] as SecretForm,
    key: "",
    accessKeyId: "",
    secretAccessKey: "",
    sessionToken: "",
    text: "",
  };
}

/** What is sent; null while nothing was typed. */
export function secretOf(draft: SecretDraft): string | null {
  if (draft.form === "key") return draft.key.trim() || null;
  if (draft.form !== "pair") return draft.text.trim() || null;
  const pair = {
    access_key_id: draft.accessKeyId.trim(),
    secret_access_key: draft.secretAccessKey.trim(),
    ...(draft.sessionToken.trim() ? { session_token: draft.sessionToken.trim() } : {}),
  };
  return pair.access_key_id || pair.secret_access_key ? JSON.stringify(pair) : null;
}

/** Whose key file this is; null when it is not one of a service account. */
export function accountIn(text: string): { email: string; project: string } | null {
  try {
    const file: unknown = JSON.parse(text);
    if (typeof file !== "object" || file === null) return null;
    const { client_email, project_id, private_key } = file as Record<string, unknown>;
    if (typeof client_email !== "string" || typeof private_key !== "string") return null;
    return { email: client_email, project: typeof project_id === "string" ? project_id : "" };
  } catch {
    return null;
  }
}
