// Switches between Korean and English at once, and keeps the choice with the account when somebody is signed in.
import { ActionIcon, Tooltip } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { speak } from "../words";
import { sessionQuery, useChangeProfile } from "./session";

export function LanguageToggle() {
  const { i18n } = useTranslation();
  const queries = useQueryClient();
  const profile = useChangeProfile();
  const next = i18n.language === "ko" ? "en" : "ko";
  const label = next === "ko" ? "한국어로 보기" : "Show in English";
  const change = () => {
    speak(next);
    if (queries.getQueryData(sessionQuery.queryKey)) profile.mutate({ language: next });
  };
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={30} lang={next} onClick={change}>
        <span style={{ fontSize: 12, fontWeight: 600 }}>{next === "ko" ? "한" : "EN"}</span>
        <span className="md-unseen">{label}</span>
      </ActionIcon>
    </Tooltip>
  );
}
