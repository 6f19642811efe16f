import { expect, test } from "vitest";
import { conversationOf } from "./conversation";

const read = (input: unknown, output: unknown = "") =>
  conversationOf(JSON.stringify(input), output === "" ? "" : JSON.stringify(output));

test("the question and the answer stand in order", () => {
  const found = read(
    {
      model: "m",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "안녕" },
      ],
    },
    { choices: [{ index: 0, message: { role: "assistant", content: "네!" }, finish_reason: "stop" }] },
  );
  expect(found?.messages.map((message) => message.role)).toEqual(["system", "user", "assistant"]);
  expect(found?.messages[2]?.parts).toEqual([{ kind: "text", text: "네!" }]);
});

test("images are kept beside the words they came with", () => {
  const found = read({
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AA" } },
        ],
      },
    ],
  });
  expect(found?.messages[0]?.parts).toEqual([
    { kind: "text", text: "What is this?" },
    { kind: "image", url: "data:image/png;base64,AA" },
  ]);
});

test("a tool's result is shown with the call that asked for it", () => {
  const found = read({
    messages: [
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", function: { name: "find", arguments: '{"x":1}' } }],
      },
      { role: "tool", tool_call_id: "a", content: "found" },
    ],
  });
  expect(found?.messages).toHaveLength(1);
  expect(found?.messages[0]?.parts[0]).toEqual({
    kind: "call",
    id: "a",
    name: "find",
    args: '{"x":1}',
    result: "found",
  });
});

test("a result nobody asked for stays a message", () => {
  const found = read({ messages: [{ role: "tool", tool_call_id: "z", content: "lost" }] });
  expect(found?.messages[0]).toMatchObject({ role: "tool", parts: [{ kind: "text", text: "lost" }] });
});

test("several answers are numbered and an unusual end is told", () => {
  const found = read(
    { messages: [] },
    {
      choices: [
        { message: { role: "assistant", content: "a" }, finish_reason: "stop" },
        { message: { role: "assistant", content: "b" }, finish_reason: "length" },
      ],
    },
  );
  expect(found?.messages.map((message) => message.notes)).toEqual([["#1"], ["#2", "length"]]);
});

test("a refusal is not mistaken for an answer", () => {
  const found = read({ messages: [] }, { choices: [{ message: { role: "assistant", refusal: "No." } }] });
  expect(found?.messages[0]?.parts).toEqual([{ kind: "refusal", text: "No." }]);
});

test("parts of a kind we do not know are kept as JSON", () => {
  const found = read({
    messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "x" } }] }],
  });
  expect(found?.messages[0]?.parts[0]).toMatchObject({ kind: "other", label: "input_audio" });
});

test("the texts of an embedding call are messages", () => {
  const found = read({ model: "e", input: ["one", "two"] }, { data: [{ embedding: [0.1, 0.2] }] });
  expect(found?.messages.map((message) => message.role)).toEqual(["user", "user", "assistant"]);
});

test("the rest of the request is kept as settings", () => {
  expect(JSON.parse(read({ messages: [], temperature: 0.2 })?.settings ?? "")).toEqual({ temperature: 0.2 });
});

test("what is not a call of a model gives nothing", () => {
  expect(read({ question: "x" })).toBeNull();
  expect(conversationOf("plain words", "")).toBeNull();
  expect(conversationOf("", "")).toBeNull();
});
