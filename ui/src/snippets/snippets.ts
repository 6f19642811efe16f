// The same four lines in each language: a client of the vendor's own library, pointed at this server.

export const SNIPPETS = ["pythonOpenai", "pythonMadang", "node", "curl"] as const;
export type SnippetName = (typeof SNIPPETS)[number];

export interface SnippetParts {
  /** Where this server is, without a slash at the end. */
  baseUrl: string;
  secretKey: string;
  model: string;
}

const HELLO = "Hello!";

export function snippet(name: SnippetName, parts: SnippetParts): string {
  const address = parts.baseUrl.replace(/\/+$/, "");
  const base = JSON.stringify(address);
  const v1 = JSON.stringify(`${address}/v1`);
  const key = JSON.stringify(parts.secretKey);
  const model = JSON.stringify(parts.model);
  switch (name) {
    case "pythonOpenai":
      return `from openai import OpenAI
client = OpenAI(base_url=${v1}, api_key=${key})
reply = client.chat.completions.create(model=${model}, messages=[{"role": "user", "content": "${HELLO}"}])
print(reply.choices[0].message.content)`;
    case "pythonMadang":
      return `from madang import Madang
client = Madang(base_url=${base}, api_key=${key})
reply = client.chat.completions.create(model=${model}, messages=[{"role": "user", "content": "${HELLO}"}])
print(reply.choices[0].message.content)`;
    case "node":
      return `import OpenAI from "openai";
const client = new OpenAI({ baseURL: ${v1}, apiKey: ${key} });
const reply = await client.chat.completions.create({ model: ${model}, messages: [{ role: "user", content: "${HELLO}" }] });
console.log(reply.choices[0].message.content);`;
    case "curl":
      return `curl ${address}/v1/chat/completions \\
  -H "Authorization: Bearer ${parts.secretKey}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": ${model.replaceAll("'", "'\\''")}, "messages": [{"role": "user", "content": "${HELLO}"}]}'`;
  }
}
