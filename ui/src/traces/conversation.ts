// Reads a recorded call (the caller's request, the vendor's completion) as a conversation.
// Anything it does not know it keeps as JSON rather than leave it out; what is no call at all gives null.
import type { Message, Part } from "../design/message";

type Json = Record<string, unknown>;

export interface Conversation {
  messages: Message[];
  /** Everything of the request but the messages, as JSON; "" when there is nothing else. */
  settings: string;
}

/** The conversation in `input` and `output`, both JSON texts; null when this was not a call of a model. */
export function conversationOf(input: string, output: string): Conversation | null {
  const request = jsonOf(input);
  const reply = jsonOf(output);
  if (!isObject(request)) return null;
  const asked = askedOf(request);
  if (!asked) return null;
  const messages = withResults([...asked, ...answersOf(reply)]);
  const { messages: _messages, input: _input, ...rest } = request;
  return { messages, settings: Object.keys(rest).length > 0 ? JSON.stringify(rest, null, 2) : "" };
}

function askedOf(request: Json): Message[] | null {
  if (Array.isArray(request.messages)) return request.messages.filter(isObject).map(messageOf);
  const before: Message[] =
    typeof request.instructions === "string" ? [plain("system", request.instructions)] : [];
  if (typeof request.input === "string") return [...before, plain("user", request.input)];
  if (!Array.isArray(request.input)) return null;
  if (request.input.every((text) => typeof text === "string"))
    return request.input.map((text) => plain("user", text as string));
  return [...before, ...request.input.filter(isObject).map(messageOf)];
}

function answersOf(reply: unknown): Message[] {
  if (!isObject(reply)) return [];
  if (Array.isArray(reply.choices)) {
    const choices = reply.choices.filter(isObject);
    return choices.map((choice, at) => {
      const message = messageOf(isObject(choice.message) ? choice.message : { role: "assistant" });
      const notes = choices.length > 1 ? [`#${at + 1}`] : [];
      const reason = choice.finish_reason;
      // "stop" and "tool_calls" are how answers normally end; only the others say something.
      if (typeof reason === "string" && reason !== "stop" && reason !== "tool_calls") notes.push(reason);
      return { ...message, notes };
    });
  }
  if (Array.isArray(reply.output)) return reply.output.filter(isObject).map(messageOf);
  if (Array.isArray(reply.data)) return [{ role: "assistant", parts: reply.data.map(vectorPart) }];
  return [];
}

function messageOf(message: Json): Message {
  const role = typeof message.role === "string" ? message.role : "assistant";
  const parts: Part[] = [];
  const reasoning = message.reasoning_content ?? message.reasoning;
  if (typeof reasoning === "string" && reasoning) parts.push({ kind: "reasoning", text: reasoning });
  parts.push(...contentParts(message.content));
  if (typeof message.refusal === "string" && message.refusal)
    parts.push({ kind: "refusal", text: message.refusal });
  if (Array.isArray(message.tool_calls)) parts.push(...message.tool_calls.filter(isObject).map(callOf));
  if (isObject(message.function_call)) parts.push(callOf({ id: "", function: message.function_call }));
  const result: Message = { role, parts };
  if (typeof message.name === "string") result.name = message.name;
  if (role === "tool" && typeof message.tool_call_id === "string") result.name ??= message.tool_call_id;
  return result;
}

function contentParts(content: unknown): Part[] {
  if (typeof content === "string") return content ? [{ kind: "text", text: content }] : [];
  if (!Array.isArray(content)) return [];
  return content.map(partOf);
}

function partOf(part: unknown): Part {
  if (typeof part === "string") return { kind: "text", text: part };
  if (!isObject(part)) return { kind: "other", label: "?", json: JSON.stringify(part) };
  if (typeof part.text === "string") return { kind: "text", text: part.text };
  if (typeof part.refusal === "string") return { kind: "refusal", text: part.refusal };
  const image = isObject(part.image_url) ? part.image_url.url : part.image_url;
  if (typeof image === "string") return { kind: "image", url: image };
  return { kind: "other", label: String(part.type ?? "?"), json: JSON.stringify(part, null, 2) };
}

function callOf(call: Json): Part {
  const called = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
  const args = called.arguments ?? called.input ?? "";
  return {
    kind: "call",
    id: typeof call.id === "string" ? call.id : "",
    name: typeof called.name === "string" ? called.name : "?",
    args: typeof args === "string" ? args : JSON.stringify(args),
    result: null,
  };
}

/** Results go into the call that asked for them; a result nobody asked for stays a message. */
function withResults(messages: Message[]): Message[] {
  const calls = new Map<string, Extract<Part, { kind: "call" }>>();
  for (const message of messages)
    for (const part of message.parts) if (part.kind === "call" && part.id) calls.set(part.id, part);
  return messages.filter((message) => {
    const call = message.role === "tool" && message.name ? calls.get(message.name) : undefined;
    if (!call) return true;
    call.result = message.parts.map((part) => ("text" in part ? part.text : "")).join("\n");
    return false;
  });
}

function vectorPart(entry: unknown): Part {
  const vector = isObject(entry) ? entry.embedding : null;
  const size = Array.isArray(vector) ? vector.length : "base64";
  return { kind: "other", label: `[${size}]`, json: JSON.stringify(entry) };
}

function plain(role: string, text: string): Message {
  return { role, parts: [{ kind: "text", text }] };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
