// A call as a conversation; what is no call as its input and output.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Span } from "../api/shapes";
import { JsonView } from "../design/JsonView";
import { Messages } from "../design/Messages";
import { conversationOf } from "./conversation";

export function ConversationTab({ span }: { span: Span }) {
  const { t } = useTranslation();
  const conversation = useMemo(() => conversationOf(span.input, span.output), [span.input, span.output]);
  if (!conversation)
    return (
      <>
        <Body text={span.input} label={t("trace.input")} missing={t("trace.nothingIn")} />
        <Body text={span.output} label={t("trace.output")} missing={t("trace.nothingOut")} />
      </>
    );
  return (
    <>
      <Messages messages={conversation.messages} />
      {!span.output && (
        <Missing>{span.status === "error" ? t("trace.failedOut") : t("trace.nothingOut")}</Missing>
      )}
      {conversation.settings && (
        <div style={{ marginTop: 14 }}>
          <JsonView text={conversation.settings} label={t("messages.settings")} />
        </div>
      )}
    </>
  );
}

function Body({ text, label, missing }: { text: string; label: string; missing: string }) {
  return text ? <JsonView text={text} label={label} /> : <Missing>{missing}</Missing>;
}

function Missing({ children }: { children: string }) {
  return <p style={{ color: "var(--md-dim)" }}>{children}</p>;
}
