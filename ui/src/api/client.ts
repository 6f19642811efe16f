// The typed way to the server. Every answer that is not a success becomes an `ApiError` with the server's words.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";

/** What unsafe requests must carry; set whenever the session is read. */
export const csrf = { token: "" };

export class ApiError extends Error {
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  readonly code: string;
  /** The field of the request that was wrong, as a dotted path, when there is one. */
  readonly param: string | null;

  constructor(status: number, code: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

const carryToken: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("x-csrf-token", csrf.token);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(carryToken);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; throws `ApiError` otherwise. */
export async function answered<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new ApiError(0, "unreachable", "The server does not answer.");
  }
  if (answer.response.ok) return answer.data as T;
  throw errorOf(answer.response.status, answer.error);
}

function errorOf(status: number, body: unknown): ApiError {
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  return new ApiError(
    status,
    typeof error.code === "string" ? error.code : "unknown",
    typeof error.message === "string" ? error.message : `The server answered ${status}.`,
    typeof error.param === "string" ? error.param : null,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
