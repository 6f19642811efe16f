// A conversation as it is drawn, whatever wire format it came from.

export type Part =
  | { kind: "text"; text: string }
  | { kind: "reasoning"; text: string }
  | { kind: "refusal"; text: string }
  /** `url` is a data: address and drawn, or anywhere else and only named. */
  | { kind: "image"; url: string }
  | { kind: "call"; id: string; name: string; args: string; result: string | null }
  | { kind: "other"; label: string; json: string };

export interface Message {
  role: string;
  /** Who of that role, when it says. */
  name?: string;
  parts: Part[];
  /** Under the message: why it ended, which of several answers. */
  notes?: string[];
}
