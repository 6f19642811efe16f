// A button that asks the vendor whether a credential works, and the vendor's answer beside it.
import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCheckCredential } from "../api/credentials";
import { formatDuration } from "../design/numbers";
import { StatusDot } from "../design/Tag";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { koreanAnswer } from "../words/answers";

export function CheckCell({ id, isAllowed }: { id: string; isAllowed: boolean }) {
  const { t, i18n } = useTranslation();
  const answerIn = (english: string) =>
    i18n.language === "ko" ? (koreanAnswer(english) ?? english) : english;
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const check = useCheckCredential(project.id);
  return (
    <Group gap={8} wrap="nowrap">
      <Button
        variant="default"
        size="compact-xs"
        style={{ flex: "none" }}
        disabled={!isAllowed}
        loading={check.isPending}
        onClick={() => check.mutate(id)}
      >
        {t("credentials.check")}
      </Button>
      <span role="status">
        {check.data?.ok && (
          <StatusDot tone="ok" title={answerIn(check.data.message)}>
            {t("credentials.checkOk")} · {formatDuration(check.data.latency_ms)}
          </StatusDot>
        )}
        {check.data && !check.data.ok && (
          <StatusDot tone="error" title={answerIn(check.data.message)}>
            {answerIn(check.data.message)}
          </StatusDot>
        )}
        {check.isError && <StatusDot tone="error">{wordsOf(check.error)}</StatusDot>}
      </span>
    </Group>
  );
}
