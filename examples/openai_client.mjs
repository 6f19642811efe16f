// The official OpenAI client for Node against the Gateway.
// npm install openai; then MADANG_API_KEY=sk-md-… node openai_client.mjs
import OpenAI from "openai";

const client = new OpenAI({
  apiKey: process.env.MADANG_API_KEY,
  baseURL: `${process.env.MADANG_BASE_URL ?? "http://127.0.0.1:7600"}/v1`,
});
const question = { model: "sandbox-chat", messages: [{ role: "user", content: "Hello" }], max_tokens: 30 };

const { data, response } = await client.chat.completions.create(question).withResponse();
console.log("answer:", data.choices[0].message.content);
console.log("trace:", response.headers.get("x-madang-trace-id"));

const stream = await client.chat.completions.create({ ...question, stream: true });
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
process.stdout.write("\n");
