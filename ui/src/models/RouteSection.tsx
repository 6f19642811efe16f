// Where a call would go: the picture of the route, what follows a failure, and the line with its reasons.
import { Chip, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { explainQuery } from "../api/routing";
import type { FailureClass, Model } from "../api/shapes";
import { Section } from "../design/Page";
import { StaleNotice } from "../design/states";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { CallControls } from "./CallControls";
import { FAILURE_CLASSES } from "./draft";
import { LineOfTargets } from "./LineOfTargets";
import { type Moment, type Picture, pictureOf } from "./picture";
import { RoutePicture } from "./RoutePicture";
import classes from "./RouteSection.module.css";
import { callOf, type RouteView } from "./routeView";

export function RouteSection({ model, models }: { model: Model; models: Model[] }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const navigate = useNavigate();
  const view = useSearch({ from: "/shell/p/$project/models/view/$" });
  const explained = useQuery(explainQuery(project.id, callOf(model.alias, view)));
  const moment: Moment = view.after ?? "now";
  const picture = useMemo(
    () => pictureOf(model, models, explained.data ?? null, moment),
    [model, models, explained.data, moment],
  );
  const change = (change: Partial<RouteView>) =>
    void navigate({ to: ".", search: (now: RouteView) => ({ ...now, ...change }), replace: true });
  return (
    <Section title={t("route.title")} help={t("route.help")}>
      {explained.isError && (
        <StaleNotice reason={wordsOf(explained.error)} onRetry={() => void explained.refetch()} />
      )}
      <CallControls view={view} onChange={change} />
      <Chip.Group
        value={moment}
        onChange={(chosen) => change({ after: chosen === "now" ? undefined : (chosen as FailureClass) })}
      >
        <Group gap={6} my={12} role="radiogroup" aria-label={t("route.moments")}>
          {(["now", ...FAILURE_CLASSES] as Moment[]).map((one) => (
            <Chip key={one} value={one} size="xs" variant="outline" title={t(`moments.${one}Help`)}>
              {t(`moments.${one}`)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <RoutePicture picture={picture} isAfter={moment !== "now"} label={t("route.title")} />
      <p className={classes.sentence} role="status">
        {explained.data && sentenceOf(t, picture, moment)}
      </p>
      {explained.data && <LineOfTargets explained={explained.data} alias={model.alias} />}
    </Section>
  );
}

function sentenceOf(t: TFunction, picture: Picture, moment: Moment): string {
  if (moment === "now") return t("moments.nowHelp");
  const help = t(`moments.${moment}Help`);
  if (picture.asked > 0) return `${help} ${t("route.asked", { count: picture.asked })}`;
  return `${help} ${t(moment === "policy_block" ? "route.finalBlock" : "route.final")}`;
}
