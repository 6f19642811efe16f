// How long calls may take, part by part, how often the last deployment is asked again, how long answers are kept.
import { SimpleGrid, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Fold } from "../design/Fold";
import { TIME_LIMITS } from "./draft";
import type { EditorPart } from "./ModelEditor";

const FOLDED = [...TIME_LIMITS, "retries", "cache_ttl_s"] as const;
const PLACEHOLDERS: Record<string, "limits.never" | "limits.none"> = { cache_ttl_s: "limits.never" };

export function LimitFields({ draft, set, errorOf }: EditorPart) {
  const { t } = useTranslation();
  const own = TIME_LIMITS.filter((name) => name !== "timeout_s" && draft[name].trim() !== "").length;
  const chosen = [
    t("limits.chosen", { seconds: draft.timeout_s || "–" }),
    own > 0 && t("limits.own", { count: own }),
    draft.cache_ttl_s.trim() !== "" && t("limits.cacheChosen", { seconds: draft.cache_ttl_s }),
    t("limits.retriesChosen", { count: Number(draft.retries) || 0 }),
  ];
  return (
    <Fold
      title={t("limits.title")}
      chosen={chosen.filter(Boolean).join(" · ")}
      opens={FOLDED.some((name) => errorOf(name))}
    >
      <SimpleGrid cols={3} spacing={16} verticalSpacing={14}>
        {FOLDED.map((name) => (
          <TextInput
            key={name}
            label={t(`limits.${name}`)}
            description={t(`limits.${name}Help`)}
            placeholder={name === "connect_timeout_s" ? "10" : t(PLACEHOLDERS[name] ?? "limits.none")}
            inputMode="decimal"
            value={draft[name]}
            onChange={(event) => set({ [name]: event.currentTarget.value })}
            error={errorOf(name)}
            inputWrapperOrder={["label", "input", "error", "description"]}
          />
        ))}
      </SimpleGrid>
    </Fold>
  );
}
