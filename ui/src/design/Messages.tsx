// A conversation: who said what, images inline, tool calls folded together with their results.
import { SegmentedControl, UnstyledButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { Bot, ChevronRight, ImageOff, Settings2, User, Wrench } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyIcon } from "./Copy";
import { Folded } from "./Folded";
import { Markdown } from "./Markdown";
import classes from "./Messages.module.css";
import type { Message, Part } from "./message";

/** Standing instructions are long and the same in every call, so they fold sooner. */
const LINES: Record<string, number> = { system: 4, developer: 4 };

type Manner = "plain" | "formatted";

export function Messages({ messages }: { messages: Message[] }) {
  const { t } = useTranslation();
  const [manner, setManner] = useLocalStorage<Manner>({
    key: "madang.messages",
    defaultValue: "formatted",
    getInitialValueInEffect: false,
  });
  return (
    <div>
      <div className={classes.manner}>
        <SegmentedControl
          size="xs"
          value={manner}
          onChange={(chosen) => setManner(chosen === "plain" ? "plain" : "formatted")}
          data={[
            { value: "formatted", label: t("design.formatted") },
            { value: "plain", label: t("design.plain") },
          ]}
        />
      </div>
      <ol className={classes.messages}>
        {messages.map((message, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a recorded conversation does not change
          <OneMessage key={at} message={message} manner={manner} />
        ))}
      </ol>
    </div>
  );
}

function OneMessage({ message, manner }: { message: Message; manner: Manner }) {
  return (
    <li className={classes.message} data-role={message.role}>
      <div className={classes.role}>
        <RoleIcon role={message.role} />
        <RoleName role={message.role} />
        {message.name && <span className={classes.name}>{message.name}</span>}
        <span className={classes.copy}>
          <CopyIcon value={textOf(message)} size={20} />
        </span>
      </div>
      <div className={classes.parts}>
        {message.parts.map((part, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <PartView key={at} part={part} manner={manner} lines={LINES[message.role]} />
        ))}
        {message.notes?.map((note) => (
          <div key={note} className={classes.note}>
            {note}
          </div>
        ))}
      </div>
    </li>
  );
}

function PartView({ part, manner, lines }: { part: Part; manner: Manner; lines?: number }) {
  const { t } = useTranslation();
  switch (part.kind) {
    case "text":
      return <Words text={part.text} manner={manner} lines={lines} />;
    case "reasoning":
      return (
        <Fold summary={t("messages.reasoning")}>
          <Folded text={part.text} mono lines={30} />
        </Fold>
      );
    case "refusal":
      return (
        <div className={classes.refusal}>
          <strong>{t("messages.refusal")}</strong> {part.text}
        </div>
      );
    case "image":
      return part.url.startsWith("data:image/") ? (
        <img className={classes.image} src={part.url} alt={t("messages.image")} />
      ) : (
        <span className={classes.remote}>
          <ImageOff size={14} /> {t("messages.remoteImage")}: <code>{part.url}</code>
        </span>
      );
    case "call":
      return (
        <Fold
          icon={<Wrench size={13} />}
          summary={t("messages.toolCall", { name: part.name })}
          brief={part.args}
        >
          <Folded text={indented(part.args)} mono lines={20} />
          <div className={classes.result}>
            {part.result === null ? t("messages.toolPending") : t("messages.toolResult")}
          </div>
          {part.result !== null && <Folded text={indented(part.result)} mono lines={20} />}
        </Fold>
      );
    case "other":
      return (
        <Fold summary={part.label}>
          <Folded text={part.json} mono lines={20} />
        </Fold>
      );
  }
}

function Words({ text, manner, lines }: { text: string; manner: Manner; lines?: number }) {
  if (manner === "plain") return <Folded text={text} lines={lines} />;
  return <Folded text={text} lines={lines} draw={(shown) => <Markdown source={shown} />} />;
}

function Fold({
  icon,
  summary,
  brief,
  children,
}: {
  icon?: ReactNode;
  summary: string;
  brief?: string;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  return (
    <div className={classes.fold}>
      <UnstyledButton className={classes.foldHead} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight size={13} style={{ flex: "none", transform: open ? "rotate(90deg)" : undefined }} />
        {icon}
        <span className={classes.foldName}>{summary}</span>
        {brief && !open && <code className={classes.brief}>{brief}</code>}
      </UnstyledButton>
      {open && <div className={classes.foldBody}>{children}</div>}
    </div>
  );
}

function RoleIcon({ role }: { role: string }) {
  if (role === "user") return <User size={14} />;
  if (role === "assistant") return <Bot size={14} />;
  if (role === "tool" || role === "function") return <Wrench size={14} />;
  return <Settings2 size={14} />;
}

function RoleName({ role }: { role: string }) {
  const { t } = useTranslation();
  const known = ["system", "developer", "user", "assistant", "tool", "function"] as const;
  const found = known.find((one) => one === role);
  return <span>{found ? t(`messages.${found}`) : role}</span>;
}

function textOf(message: Message): string {
  return message.parts
    .map((part) => {
      if (part.kind === "call") return `${part.name}(${part.args})`;
      if (part.kind === "image") return part.url;
      return part.kind === "other" ? part.json : part.text;
    })
    .join("\n");
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
